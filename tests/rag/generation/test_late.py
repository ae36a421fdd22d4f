"""A late generator loads its model at the first use, once, and then is that model."""

from __future__ import annotations

import pytest

from rag.errors import ModelError
from rag.generation.late import LateGenerator
from tests.support.fakes import ScriptedGenerator


def test_it_loads_at_the_first_use_and_once():
    loaded = []

    def load() -> ScriptedGenerator:
        loaded.append(ScriptedGenerator("Yes."))
        return loaded[-1]

    late = LateGenerator("scripted", load)
    assert (late.name, loaded) == ("scripted", [])
    made = ScriptedGenerator("Yes.")
    members = ("context_window", "max_answer_tokens", "temperature", "style", "counts_exactly")
    assert [getattr(late, name) for name in members] == [getattr(made, name) for name in members]
    assert late.count_tokens(()) == made.count_tokens(())
    assert len(loaded) == 1


def test_a_model_that_cannot_be_loaded_says_so_at_its_first_use():
    def load() -> ScriptedGenerator:
        raise ModelError("It is not installed.")

    late = LateGenerator("scripted", load)
    with pytest.raises(ModelError, match="not installed"):
        late.context_window  # noqa: B018 - the property loads the model
