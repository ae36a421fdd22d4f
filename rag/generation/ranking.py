"""Ranking of answering models by fitness: a chat template first, then room in memory, then size.

A model without a chat template continues the prompt's text instead of answering, so it is never the default while
another model can answer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from rag import config
from rag.runtime.model_wheels import SMOLLM2

Fitness = Literal["fits", "too large", "no template"]
_SHARE_OF_MEMORY = 0.7
"""A model may take this share of the memory: its weights are joined by the context, the app and a browser."""
_QUICK_BYTES = 6_000_000_000
"""Up to this size a larger model is preferred; above it, a smaller one, which answers sooner."""
_GB = 1_000_000_000
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answering model: its full name, its bytes on disk (None if unknown), and whether it has a chat template."""

    name: str
    size: int | None = None
    has_template: bool = True

    def fitness(self, memory: int | None) -> Fitness:
        """Whether it can answer on a machine with this many bytes of memory (None if unknown)."""
        if not self.has_template:
            return "no template"
        if memory is not None and self.size is not None and self.size > _SHARE_OF_MEMORY * memory:
            return "too large"
        return "fits"


@dataclass(frozen=True, slots=True)
class Default:
    """The model that answers unless another is chosen, and `reason`, a sentence if a server's model was passed over."""

    name: str
    reason: str = ""


def ranked(candidates: Sequence[Candidate], memory: int | None) -> list[Candidate]:
    """The candidates, the fittest first; of equals the earlier. `memory` is in bytes, None if unknown."""
    order: dict[Fitness, int] = {"fits": 0, "too large": 2, "no template": 3}

    def key(one: Candidate) -> tuple[int, bool, int]:
        size = one.size or 0
        return order[one.fitness(memory)], size > _QUICK_BYTES, size if size > _QUICK_BYTES else -size

    return sorted(candidates, key=key)


def default_of(candidates: Sequence[Candidate], memory: int | None) -> Default:
    """The fittest model of the servers, or the built-in one if it is installed and none of theirs can answer.

    Args:
        candidates: the servers' models, without those that only embed.
        memory: the machine's, in bytes; None if unknown.
    """
    best = next(iter(ranked(candidates, memory)), None)
    if best is None:
        return Default(config.BUILTIN_GENERATOR)
    reason = _unfitness(best, memory)
    if reason and not has_builtin():
        return Default(best.name, f"{reason} No other model is installed.")
    return Default(config.BUILTIN_GENERATOR if reason else best.name, reason)


def has_builtin() -> bool:
    """Whether the package with the built-in model's weights is installed."""
    return find_spec(SMOLLM2.package) is not None


def _unfitness(one: Candidate, memory: int | None) -> str:
    """Why a model is not the default, as a sentence; empty if it can be."""
    name = f"'{one.name.partition(':')[2]}'"
    match one.fitness(memory):
        case "no template":
            return f"{name} has no chat template: it continues the text of the prompt instead of answering."
        case "too large":
            sizes = f"{(one.size or 0) / _GB:.1f} GB, and this machine has {(memory or 0) / _GB:.1f} GB of memory"
            return f"{name} is too large: it takes {sizes}."
    return ""


def memory_of(host: str) -> int | None:
    """The memory in bytes of the machine with this server; None if it is another one, or cannot be asked for."""
    if (urlsplit(host if "://" in host else f"//{host}").hostname or "") not in _THIS_MACHINE:
        return None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows, and systems without this name
        return None
