"""Ranking of answering models: template, memory, size, and the reason for passing one over."""

from __future__ import annotations

import pytest

from rag.generation.ranking import Candidate, Default, default_of, memory_of, ranked

GB = 1_000_000_000
BASE = Candidate("ollama:base:270m", GB, has_template=False)
SMALL, MIDDLE, LARGE = (Candidate(f"ollama:chat:{size}", size * GB) for size in (1, 5, 40))


def test_a_template_then_memory_then_size():
    assert ranked([BASE, SMALL, LARGE, MIDDLE], 16 * GB) == [MIDDLE, SMALL, LARGE, BASE]
    assert ranked([LARGE, BASE, SMALL], 128 * GB) == [SMALL, LARGE, BASE]
    assert ranked([LARGE, SMALL], None) == [SMALL, LARGE]


def test_of_equals_the_first():
    served = [Candidate("openai:b"), Candidate("openai:a")]
    assert ranked(served, GB) == served


def test_the_default_is_the_fittest_without_a_reason():
    assert default_of([BASE, SMALL, MIDDLE], 16 * GB) == Default(MIDDLE.name)
    assert default_of([], 16 * GB) == Default("builtin")


@pytest.mark.parametrize(
    ("only", "says"),
    [
        (BASE, "'base:270m' has no chat template"),
        (LARGE, "'chat:40' is too large: it takes 40.0 GB, and this machine has 16.0 GB of memory."),
    ],
)
def test_where_no_servers_model_can_answer_the_builtin_one_does_and_it_is_said_why(only, says, monkeypatch):
    default = default_of([only], 16 * GB)
    assert default.name == "builtin"
    assert says in default.reason
    monkeypatch.setattr("rag.generation.ranking.has_builtin", lambda: False)
    assert default_of([only], 16 * GB).name == only.name


def test_only_this_machines_memory_is_known():
    assert memory_of("http://127.0.0.1:11434") == memory_of("localhost")
    assert memory_of("https://models.example.org") is None
