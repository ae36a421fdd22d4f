"""The ollama package, imported in a way that the environment cannot prevent.

When it is imported it makes a client for OLLAMA_HOST with the environment's proxies, which this app never uses. That
raises an error for a SOCKS proxy, an invalid one, or an invalid address; then the cause is hidden for a moment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_HIDING_PROXIES = {"no_proxy": "*"}
_HIDING_ALL = {**_HIDING_PROXIES, "OLLAMA_HOST": ""}


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


try:
    import ollama
except (ImportError, ValueError):
    try:
        with _environment(_HIDING_PROXIES):
            import ollama
    except ValueError:
        with _environment(_HIDING_ALL):
            import ollama

__all__ = ["ollama"]
