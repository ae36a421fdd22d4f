"""A warning where a model was trained on English only, and none for its multilingual successors."""

from __future__ import annotations

import pytest

from rag.embedding.languages import MULTILINGUAL, language_warning, model_for


@pytest.mark.parametrize("model", ["sentence-transformers/all-MiniLM-L6-v2", "ollama:nomic-embed-text"])
def test_a_model_for_english_warns_of_german(model):
    assert "trained on English" in language_warning(model, "de")
    assert language_warning(model, "en") == language_warning(model, "") == ""


@pytest.mark.parametrize(
    "model",
    [
        "nomic-ai/nomic-embed-text-v2-moe",
        "Snowflake/snowflake-arctic-embed-l-v2.0",
        "ollama:snowflake-arctic-embed2:568m",
        "paraphrase-multilingual-MiniLM-L12-v2",
    ],
)
def test_a_multilingual_model_does_not(model):
    assert language_warning(model, "de") == ""


def test_the_model_for_a_language_is_an_installed_one():
    others = ["sentence-transformers/all-MiniLM-L6-v2", "paraphrase-multilingual-MiniLM-L12-v2"]
    assert model_for("de", [*others, MULTILINGUAL]) == MULTILINGUAL
    assert model_for("de", others) == others[1]
    assert model_for("de", others[:1]) == model_for("", [MULTILINGUAL]) == ""
