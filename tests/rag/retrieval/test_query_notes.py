"""What a person is told about an odd query."""

from __future__ import annotations

import pytest

from rag.retrieval.query_notes import is_cut, query_notes
from rag.types import EmbeddingSpec
from tests.support.fakes import WordEmbedder


def named(model_id: str) -> WordEmbedder:
    fake = WordEmbedder()
    fake.spec = EmbeddingSpec(model_id, "1", 16)
    return fake


@pytest.mark.parametrize("query", ["where do owls sleep?", "HTTP 404", "1975", "Where is the owl", "owl", "naïve café"])
def test_a_plain_query_needs_no_note(query, embedder):
    assert query_notes(query, embedder) == ()


@pytest.mark.parametrize("query", ["", "  \n\t"])
def test_an_empty_query_is_reported(query, embedder):
    (note,) = query_notes(query, embedder)
    assert "Type a word" in note


@pytest.mark.parametrize("query", ["the", "What is it?", "and what of THEM", "that's", "it’s not what they’re"])
def test_only_common_words(query, embedder):
    (note,) = query_notes(query, embedder)
    assert note.startswith("The query contains only very common words")


@pytest.mark.parametrize("query", ["🦉", "🦉🌙 👍🏽", "?!", "→ ∑ …", "___"])
def test_only_signs(query, embedder):
    (note,) = query_notes(query, embedder)
    assert note.startswith("The query has no letters and no digits")


def test_ten_thousand_words_are_cut_and_it_is_said_where(embedder):
    query = " ".join(f"owl{'s' * (n % 2)}" for n in range(10_000))
    assert is_cut(query, embedder)
    (note,) = query_notes(query, embedder)
    assert f"has 10,000 tokens, but the model reads only the first {embedder.window:,}" in note
    inside = " ".join(query.split()[: embedder.window])
    assert not is_cut(inside, embedder)
    assert query_notes(inside, embedder) == ()


def test_the_note_quotes_the_last_that_is_read():
    fake = WordEmbedder()  # its tokens are bytes, of which it reads 400
    query = "a b " * 97 + "owls hunt at" + " night" * 9
    (note,) = query_notes(query, fake)
    assert "“… " in note
    assert note.endswith("owls hunt at” is ignored.")


def test_ollama_refuses_what_it_would_cut():
    fake = named("ollama:all-minilm")
    (note,) = query_notes("owl " * 200, fake)
    assert "reads at most 400; the server refuses" in note


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("Wo schlafen die Eulen am hellen Tag und warum?", "German"),
        ("Где спят совы днём и почему они спят?", "Russian"),
    ],
)
def test_another_language(query, language, embedder):
    (note,) = query_notes(query, embedder)
    assert note.startswith(f"The query appears to be in {language}, but 'all-minilm-l6-v2' was trained on English")
    assert query_notes(query, named("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2")) == ()


@pytest.mark.parametrize("query", ["сова", "梟", "κουκουβάγια", "ינשוף owl"])
def test_too_short_to_tell_the_language_but_in_other_letters(query, embedder):
    (note,) = query_notes(query, embedder)
    assert note.startswith("Most letters of the query are not Latin, and 'all-MiniLM-L6-v2' was trained on English")
    assert query_notes(query, named("somebody/unknown-model")) == ()
    assert query_notes("owl in a letter α", embedder) == ()
