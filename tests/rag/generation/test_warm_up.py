"""Warming up the built-in model: it is in memory afterwards, and answers as before."""

from __future__ import annotations

import pytest

from rag.errors import ModelError
from rag.generation import builtin
from rag.generation.builtin import BuiltinGenerator, warm_up


def test_the_model_is_in_memory_and_free_afterwards():
    warm_up()
    loaded = BuiltinGenerator.load().loaded
    assert loaded is builtin._load()
    assert not loaded.busy.locked()


def test_a_missing_wheel_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(builtin, "_load", lambda: builtin._convert(tmp_path / "none"))
    monkeypatch.setattr(builtin, "find_wheel", lambda wheel: None)
    with pytest.raises(ModelError, match="not installed"):
        warm_up()
