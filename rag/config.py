"""Settings that come from the environment, and the folders they name."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"

DEFAULT_EMBEDDING_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BUILTIN_GENERATOR = "builtin"
DEFAULT_K = 5
DEFAULT_CONTEXT_WINDOW = 4096
MAX_ANSWER_TOKENS = 256
SEED = 42


def data_dir() -> Path:
    """The folder of the collections: EXPLORER_DATA_DIR, else data/collections beside the code."""
    configured = os.environ.get("EXPLORER_DATA_DIR")
    return Path(configured).expanduser() if configured else ROOT / "data" / "collections"


def cache_dir() -> Path:
    """The folder for what can be made again (the converted built-in model): EXPLORER_CACHE_DIR, else the user's."""
    configured = os.environ.get("EXPLORER_CACHE_DIR")
    if configured:
        return Path(configured).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("embedding-explorer"))


def ollama_host() -> str:
    """Where Ollama listens: OLLAMA_HOST (host, host:port or URL), else its default on this machine."""
    return os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434"


def cpu_threads() -> int:
    """Threads for the numeric libraries: every core this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
