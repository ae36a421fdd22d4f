"""The command `doctor`: every subject once, lines for a person, one JSON object, and an exit code that tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag import config
from rag.cli.main import main
from tests.browser.app_server import free_port

SUBJECTS = {
    "program", "packages", "environment", "data folder", "collections", "settings", "cache folder", "permissions",
    "models", "Ollama", "OpenAI-compatible server", "memory", "computing", "address",
}  # fmt: skip


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which no address of a server is set, and the port of the app is free."""
    for name in ("OLLAMA_HOST", "EXPLORER_OPENAI_URL", "EXPLORER_REQUIRE_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", str(free_port()))


def test_every_subject_is_checked_and_nothing_is_written(capsys, data_dir: Path):
    code = main(["doctor", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert {one["subject"] for one in result["findings"]} == SUBJECTS
    problems = [one for one in result["findings"] if one["state"] == "problem"]
    assert (code, result["problems"]) == (1 if problems else 0, len(problems))
    assert not data_dir.exists()
    assert not config.cache_dir().exists()


def test_a_problem_is_a_line_that_begins_with_it_and_the_exit_code_is_one(capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPLORER_MAP_POINTS", "many")
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("problem  environment: EXPLORER_MAP_POINTS is 'many'.")]
    assert lines[-1].startswith("Found: ")


def test_a_server_that_was_chosen_and_is_dead_is_a_problem(capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    assert main(["doctor", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    (found,) = [one for one in result["findings"] if one["subject"] == "Ollama"]
    assert found["state"] == "problem"


@pytest.mark.parametrize(
    ("store", "said"), [("nonsense", "has no known scheme"), ("milvus://127.0.0.1:9/db", "Check that the server runs")]
)
def test_a_store_that_cannot_be_used_is_a_problem_and_the_other_checks_go_on(
    capsys, data_dir, monkeypatch, store, said
):
    monkeypatch.setenv("EXPLORER_STORE", store)
    assert main(["doctor", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {one["subject"] for one in findings} == SUBJECTS - {"collections"} | {"store"}
    (about_store,) = (one for one in findings if one["subject"] == "store")
    assert about_store["state"] == "problem"
    assert said in about_store["sentence"]
