"""Number format and threads for torch: bfloat16 if the processor supports it, one thread for small batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from rag import config

Item = TypeVar("Item")
Precision = Literal["float32", "bfloat16"]
"""The number format of a model's weights."""

FEW_TOKENS = 256
"""Batches of at most this many tokens run on one thread. Several threads save a few milliseconds on an idle machine,
but lose about 100 ms if a browser uses a core, because they wait for each other (`python -m bench.few_texts`)."""
_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})


def has_bfloat16(cpu_info: str) -> bool:
    """Whether the processor described by this /proc/cpuinfo multiplies bfloat16 (AMX-BF16 or AVX512-BF16)."""
    lines = (line.partition(":") for line in cpu_info.splitlines())
    return any(name.strip() == "flags" and _BFLOAT16_FLAGS & set(value.split()) for name, _, value in lines)


@cache
def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16; if not, or if it does not report it, float32 is quicker."""
    try:
        return has_bfloat16(_CPU_INFO.read_text(encoding="utf-8"))
    except OSError:
        return False


def chosen_precision() -> Precision:
    """The number format for embedding models: EXPLORER_PRECISION, or for "auto" the faster one on this processor.

    Raises:
        ExplorerError: the setting is not a known precision.
    """
    setting = config.precision()
    if setting == "auto":
        return "bfloat16" if multiplies_bfloat16() else "float32"
    return setting


def use_all_cores() -> None:
    """Let torch use every core in this thread, and in threads that first use torch from now on."""
    import torch

    torch.set_num_threads(config.cpu_threads())


@contextmanager
def threads_for(n_tokens: int) -> Iterator[None]:
    """Use one torch thread for a small batch of tokens, and every core for a larger one."""
    import torch

    if n_tokens > FEW_TOKENS:
        use_all_cores()
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        use_all_cores()


def side_by_side(work: Callable[[Item], object], items: Sequence[Item]) -> None:
    """Do the work for all items, in as many Python threads as there are cores, each with one torch thread.

    The threads never wait for each other, unlike torch's own, so the work stays quick where other programs use a core
    (`python -m bench.batches`). An exception of `work` is raised here, after the work that has begun.
    """
    import torch

    with ThreadPoolExecutor(config.cpu_threads(), "side-by-side", lambda: torch.set_num_threads(1)) as threads:
        waiting = [threads.submit(work, item) for item in items]
        try:
            for done in waiting:
                done.result()
        finally:
            threads.shutdown(cancel_futures=True)
