"""How many threads work on a batch."""

from __future__ import annotations

import pytest
import torch

from rag import config
from rag.runtime.cpu import FEW_TOKENS, threads_for, use_all_cores


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
