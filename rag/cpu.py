"""What this machine's processor can do: a question for the processor, never a guess from its name."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from rag import config

Precision = Literal["float32", "bfloat16"]
"""The number format of a model's weights."""

_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})


def has_bfloat16(cpu_info: str) -> bool:
    """Whether the processor described by this /proc/cpuinfo multiplies bfloat16 (AMX-BF16 or AVX512-BF16)."""
    lines = (line.partition(":") for line in cpu_info.splitlines())
    return any(name.strip() == "flags" and _BFLOAT16_FLAGS & set(value.split()) for name, _, value in lines)


@cache
def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16; where it does not, or will not say, float32 is quicker."""
    try:
        return has_bfloat16(_CPU_INFO.read_text(encoding="utf-8"))
    except OSError:
        return False


def chosen_precision() -> Precision:
    """The number format to load models in: EXPLORER_PRECISION, and for "auto" what this processor is quick with.

    Raises:
        ExplorerError: the setting names no precision.
    """
    setting = config.precision()
    if setting == "auto":
        return "bfloat16" if multiplies_bfloat16() else "float32"
    return setting
