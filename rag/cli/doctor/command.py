"""The command `doctor`: runs every check with what it needs of this machine, and prints what was found."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from rag import config
from rag.cli.common import Commands, add_json, print_result
from rag.cli.doctor import folders, machine, models, program
from rag.cli.doctor.finding import Finding
from rag.errors import ExplorerError
from rag.settings import load_settings
from rag.store.homes import milvus_home

_CGROUP = Path("/sys/fs/cgroup")
_SECONDS = 2.0


def add_commands(commands: Commands) -> None:
    """Add `doctor`."""
    doctor = commands.add_parser("doctor", help="check versions, folders, models, servers and the machine")
    doctor.set_defaults(command=_doctor)
    add_json(doctor)


def _doctor(options: argparse.Namespace) -> int:
    found = list(findings())
    count = {state: sum(one.state == state for one in found) for state in ("problem", "warning")}
    summary = f"Found: {_counted(count['problem'], 'problem')}, {_counted(count['warning'], 'warning')}."
    rows = [asdict(one) for one in found]
    result = {"problems": count["problem"], "warnings": count["warning"], "findings": rows}
    print_result(options, result, [*(one.line() for one in found), summary])
    return 1 if count["problem"] else 0


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def findings() -> Iterator[Finding]:
    """What every check found on this machine, in the order in which it is printed."""
    data, cache = config.data_dir(), config.cache_dir()
    yield program.check_version(config.version())
    yield program.check_packages(config.pinned_packages(), metadata.version)
    yield from program.check_environment(os.environ)
    yield folders.check_data_folder(data)
    yield from _of_collections(data)
    yield folders.check_settings(data)
    yield folders.check_cache_folder(cache)
    yield from folders.check_permissions(data, [folder / "secrets.toml" for folder in _streamlit_folders()])
    yield from _of_models(data)
    yield machine.check_memory(machine.read_memory(Path("/proc/meminfo"), _CGROUP))
    yield _of_computing()
    yield machine.check_port(
        lambda: machine.served_at(os.environ, [folder / "config.toml" for folder in _streamlit_folders()]), _answers
    )


def _of_collections(data: Path) -> Iterator[Finding]:
    if config.store():
        found = folders.check_store(lambda: milvus_home(data).reached())
        yield found
        if found.state == "problem":
            return
    yield from folders.check_collections(data)


def _streamlit_folders() -> list[Path]:
    """Where Streamlit looks for its settings and secrets, the most specific first."""
    return [config.ROOT / ".streamlit", Path.cwd() / ".streamlit", Path.home() / ".streamlit"]


def _of_models(data: Path) -> Iterator[Finding]:
    from rag.embedding.embedder import cached_models
    from rag.runtime.model_wheels import find_wheel
    from rag.servers.ollama import OllamaServer
    from rag.servers.openai_compatible import OpenAIServer

    yield from models.check_weights(find_wheel, cached_models())
    yield models.check_ollama(config.ollama_host, OllamaServer, is_chosen=_has_chosen_ollama(data))
    yield models.check_openai(config.openai_url, lambda url: OpenAIServer(url, config.openai_key_for(url)).models())


def _has_chosen_ollama(data: Path) -> bool:
    """Whether Ollama's address was set. Damaged settings are reported by the checks that read them."""
    try:
        return bool(os.environ.get("OLLAMA_HOST") or load_settings(data).ollama_host)
    except ExplorerError:
        return False


def _of_computing() -> Finding:
    from rag.runtime.device import chosen_device, precision_on

    share = machine.read_processor_share(_CGROUP)
    return machine.check_computing(config.cpu_threads(), share, chosen_device, lambda: precision_on(chosen_device()))


def _answers(url: str) -> bool:
    """Whether a server of Streamlit answers at this URL."""
    import httpx

    try:
        reply = httpx.get(f"{url.rstrip('/')}/_stcore/health", timeout=_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return False
    return reply.is_success and reply.text.strip() == "ok"
