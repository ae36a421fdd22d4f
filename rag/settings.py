"""Saved settings: server addresses from the Models page, in a JSON file in the collections' folder."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from rag.access.person import require_editor
from rag.errors import ExplorerError, first_problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FILE_NAME = "settings.json"
OLLAMA_PORT = 11434
_HOST_LABEL = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")
_HOST_EXAMPLES = f"a host such as 192.168.1.20, myserver:{OLLAMA_PORT} or https://ollama.example.org"
_URL_EXAMPLES = "an address such as http://localhost:8080/v1"


@dataclass(frozen=True, slots=True)
class SavedSettings:
    """Server addresses; empty if not set, so that the environment or the default applies."""

    ollama_host: str = ""
    openai_url: str = ""


def load_settings(folder: Path) -> SavedSettings:
    """Load the settings in `folder`; defaults if there are none.

    Raises:
        ExplorerError: the file is damaged or cannot be read.
    """
    path = folder / FILE_NAME
    stored = _stored(path)
    if not stored:
        return SavedSettings()
    try:
        return _adapter().validate_json(json.dumps(stored), strict=True)
    except ValueError as error:
        raise _damaged(path, error) from error


def save_settings(folder: Path, settings: SavedSettings) -> None:
    """Save the settings in `folder` atomically. Unknown entries of the file are kept.

    Raises:
        ExplorerError: the file is damaged or cannot be written; nothing is changed then.
    """
    require_editor()
    path = folder / FILE_NAME
    content = json.dumps({**_stored(path), **asdict(settings)}, indent=2)
    temporary = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{FILE_NAME}-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{content}\n")
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise ExplorerError(
            f"The settings could not be saved as '{path}': {error.strerror}. Check that the disk has free space and "
            "that the folder is writable."
        ) from error


def check_host(text: str) -> str:
    """The URL of an Ollama server typed as host, host:port or URL: "http://myserver:11434".

    A host alone gets Ollama's port and http; a URL keeps its scheme, port and path. Empty stays empty.

    Raises:
        ExplorerError: it is invalid; the message says what is expected.
    """
    typed = text.strip()
    url = _checked(typed, _HOST_EXAMPLES)
    has_port = "://" in typed or not typed or urlsplit(url).port is not None
    return url if has_port else _with_port(urlsplit(url))


def check_url(text: str) -> str:
    """The base URL of an OpenAI-compatible server, without a trailing slash.

    Without a scheme it is http. Empty stays empty.

    Raises:
        ExplorerError: it is invalid; the message says what is expected.
    """
    return _checked(text.strip(), _URL_EXAMPLES)


def same_server(url: str, other: str) -> bool:
    """Whether two addresses name the same program: scheme, host and port, whatever the path."""
    try:
        return _program(url) == _program(other)
    except ValueError:
        return False


def _program(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _checked(typed: str, examples: str) -> str:
    if not typed:
        return ""
    try:
        parts = urlsplit(typed if "://" in typed else f"http://{typed}")
        problem = _problem(typed, parts)
    except ValueError:
        problem = "its port or brackets are invalid"
    if problem:
        raise ExplorerError(f"'{typed}' is not a server address: {problem}. Type {examples}.")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _problem(typed: str, parts: SplitResult) -> str:
    """What is wrong with the address; empty if nothing. Raises ValueError for an invalid port."""
    if re.search(r"[\s\x00-\x1f\x7f\\]", typed):
        return "it contains a space or an invalid character"
    if parts.scheme not in ("http", "https"):
        return f"it begins with {parts.scheme}:// instead of http:// or https://"
    if "@" in parts.netloc:
        return "it contains a user name, which would be saved unencrypted"
    if parts.query or parts.fragment or typed.endswith(("?", "#")):
        return "it contains ? or #"
    if parts.port == 0 or parts.netloc.endswith(":"):
        return "its port is missing or 0"
    return "" if _is_host(parts.hostname or "") else "its host name is invalid"


def _is_host(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        labels = name.removesuffix(".").split(".")
        # A name of only numbers is an IP address, and this one is invalid.
        return not labels[-1].isdecimal() and all(map(_HOST_LABEL.fullmatch, labels))
    return True


def _with_port(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}:{OLLAMA_PORT}{parts.path}"


@cache
def _adapter() -> TypeAdapter[SavedSettings]:
    from pydantic import TypeAdapter

    return TypeAdapter(SavedSettings)


def _stored(path: Path) -> dict[str, object]:
    """The contents of the file; empty if it is missing. Raises ExplorerError if it cannot be read."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ExplorerError(
            f"The settings in '{path}' could not be read: {error.strerror}. Check its permissions."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(stored, dict):
        raise _damaged(path, ValueError("it is not an object"))
    return stored


def _damaged(path: Path, error: ValueError | RecursionError) -> ExplorerError:
    what = first_problem(error) if isinstance(error, ValueError) else "it is nested too deeply"
    return ExplorerError(
        f"The saved settings in '{path}' are damaged: {what}. Correct the file, or delete it to use the defaults; "
        "collections and conversations are not in it."
    )
