"""The page How embeddings work: every chapter draws what its functions compute, for odd texts and other models too."""

from __future__ import annotations

import re

import pytest

from pages.shared.how_it_works.chapters import CHAPTERS
from rag.anatomy.examples import examples
from rag.anatomy.pooling import read_without, words_of
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.app import button, labelled, start, texts

PAGE = "how_it_works.py"
BANK = examples().texts[0]
ODD = {
    "one token": "bank",
    "emoji": "🦉🌊",
    "mixed scripts": "Der Fluss 河 река نهر mündet.",
    "HTML": "<script>alert(1)</script> & <b>bold</b> **stars** $x$ `code`",
    "one letter": "a",
    "10,000 words": "bank river " * 5_000,
}
READING = [number for number, one in enumerate(CHAPTERS, start=1) if one.name in ("Tokens", "Token table", "Pooling")]


def open_chapter(name: str, **query: str):
    number = 1 + [one.name for one in CHAPTERS].index(name)
    return start(PAGE, chapter=str(number), **query)


def metric(app, label: str) -> str:
    return next(one.value for one in app.metric if one.label == label)


@pytest.mark.slow
def test_it_opens_with_an_example_and_next_leads_to_the_end(sample):
    app = start(PAGE)
    assert labelled(app.text_area, "Your text").value == BANK
    for one in CHAPTERS:
        assert one.headline in " ".join(heading.value for heading in app.header)
        assert not app.exception, one.name
        assert not app.error, one.name
        if one is not CHAPTERS[-1]:
            app = button(app, "Next: ").click().run(timeout=180)
    assert not [item for item in app.button if item.label.startswith("Next: ")]
    app = button(app, "Back: ").click().run(timeout=180)
    assert CHAPTERS[-2].headline in " ".join(heading.value for heading in app.header)


def test_a_chunk_in_the_address_is_the_text(sample):
    chunk = sample.chunks()[5]
    app = open_chapter("Tokens", collection="Sample", chunk=str(chunk.chunk_id))
    assert labelled(app.text_area, "Your text").value == chunk.text
    assert "A chunk of " in texts(app)
    gone = open_chapter("Tokens", collection="Sample", chunk="999999")
    assert "no longer exists" in texts(gone)
    assert labelled(gone.text_area, "Your text").value == BANK


def test_the_same_chunk_is_shown_again_after_another_text(sample):
    chunk = sample.chunks()[5]
    app = open_chapter("Tokens", collection="Sample", chunk=str(chunk.chunk_id))
    labelled(app.text_area, "Your text").set_value("otters").run()
    assert labelled(app.text_area, "Your text").value == "otters"
    assert "A chunk of " not in texts(app)
    app.query_params["chunk"] = str(chunk.chunk_id)
    app.run()
    assert labelled(app.text_area, "Your text").value == chunk.text


def test_tokens_are_counted_by_the_model(sample, embedder):
    app = open_chapter("Tokens")
    n = embedder.count_tokens([BANK])[0]
    assert f"{n} tokens" in texts(app)
    labelled(app.text_area, "Your text").set_value("bank " * 300).run()
    assert re.search(r"The last 46 tokens are beyond the window", texts(app))


@pytest.mark.parametrize("chapter", READING)
@pytest.mark.parametrize("kind", ODD)
def test_odd_texts_are_shown(sample, chapter, kind):
    app = start(PAGE, chapter=str(chapter))
    labelled(app.text_area, "Your text").set_value(ODD[kind]).run(timeout=120)
    assert not app.exception
    assert not app.error


def test_without_a_text_it_says_what_to_do(sample):
    app = open_chapter("Pooling")
    labelled(app.text_area, "Your text").set_value(" ").run()
    assert "Type a text at the top of the page" in texts(app)
    button(app, "Unbelievably").click().run()
    assert "Type a text at the top" not in texts(app)
    assert labelled(app.text_area, "Your text").value == examples().texts[1]


def test_the_same_word_has_the_same_row_and_other_vectors_in_context(sample):
    app = open_chapter("Token table")
    assert metric(app, "“bank” in the table") == "1.00"
    assert float(metric(app, "after the last layer")) < 0.9


def test_a_word_left_out_is_read_again(sample, embedder):
    app = open_chapter("Pooling")
    reading = embedder.inside.read(BANK)
    words = words_of(reading.tokens, BANK)
    expected = read_without(embedder.inside, reading, words[1], BANK)
    assert metric(app, "Similarity to the whole text") == f"{expected.similarity:.3f}"
    assert expected.text in texts(app)


def test_the_receipt_adds_up_and_contrasts_are_counted(sample, embedder):
    app = open_chapter("Similarity")
    one, two = (
        embedder.encode_queries([BANK])[0],
        embedder.encode_documents(["The central bank made loans more expensive."])[0],
    )
    assert metric(app, "Cosine similarity") == metric(app, "Sum of all token pairs") == f"{float(one @ two):.4f}"
    assert "In **6 of 6** rows" in texts(app)


def test_a_word_of_ones_own_is_looked_for_in_the_chunks(sample):
    app = open_chapter("Layers")
    assert "8 occurrences of 'bank'" in texts(app)
    chooser = next(one for one in app.button_group if "a word of your own" in one.options)
    chooser.set_value("a word of your own").run()
    assert re.search(r"\d+ occurrences of 'leave'", texts(app))
    labelled(app.text_input, "Your word").set_value("xyzzy").run()
    assert "'xyzzy' is in 0 chunks" in texts(app)


@pytest.mark.slow
def test_a_model_of_ollama_says_what_it_cannot_show(data_dir, real_ollama):
    from rag.embedding.embedder import load_embedder

    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    Collection.create(data_dir, "Served", load_embedder("ollama:all-minilm").spec, ChunkingSpec())
    for one in CHAPTERS[:5]:
        app = open_chapter(one.name, collection="Served")
        assert "runs on the Ollama server" in texts(app), one.name
        assert not app.exception
