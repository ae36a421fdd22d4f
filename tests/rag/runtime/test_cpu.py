"""How many threads work on a batch."""

from __future__ import annotations

import threading
import time

import pytest
import torch

from rag import config
from rag.runtime.cpu import FEW_TOKENS, side_by_side, threads_for, use_all_cores


@pytest.fixture(autouse=True)
def three_cores(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(config, "cpu_threads", lambda: 3)
    yield
    monkeypatch.undo()
    use_all_cores()


@pytest.mark.parametrize(("n_tokens", "n_threads"), [(1, 1), (FEW_TOKENS, 1), (FEW_TOKENS + 1, 3)])
def test_few_tokens_are_left_to_one_thread(n_tokens: int, n_threads: int):
    with threads_for(n_tokens):
        assert torch.get_num_threads() == n_threads
    assert torch.get_num_threads() == 3


def test_a_failure_gives_the_cores_back():
    with pytest.raises(ValueError, match="broken"), threads_for(1):
        raise ValueError("broken")
    assert torch.get_num_threads() == 3


def test_side_by_side_work_has_one_torch_thread_each_and_is_all_done():
    use_all_cores()
    together = threading.Barrier(3, timeout=30)
    seen: list[tuple[int, int]] = []

    def work(item: int) -> None:
        if item < 3:
            together.wait()
        seen.append((item, torch.get_num_threads()))

    side_by_side(work, range(10))
    assert sorted(seen) == [(item, 1) for item in range(10)]
    assert torch.get_num_threads() == 3


def test_a_failure_side_by_side_is_raised_and_stops_the_rest():
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError("broken")
        time.sleep(0.05)

    with pytest.raises(ValueError, match="broken"):
        side_by_side(work, range(1_000))
    assert 0 in begun
    assert len(begun) < 1_000
