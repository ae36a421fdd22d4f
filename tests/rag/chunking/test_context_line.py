"""Context lines: what they say, that they cost tokens of the window only, and that spans stay exact."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunking.chunker import chunk_document
from rag.chunking.context_line import ContextLines, title_of
from rag.types import Chunk, ChunkingSpec, Document, Fields, Heading, Row
from tests.support.collections import plain_document
from tests.support.fakes import WordEmbedder

MODEL = WordEmbedder()
TEXT = "# Handbook\n\nWelcome to all.\n\n## Leave\n\nAsk your manager first. Then fill in the form. It is short."


def handbook(**changes: object) -> Document:
    """A document that begins with its title, with one section."""
    headings = (Heading(0, "Handbook"), Heading(TEXT.index("## Leave"), "Handbook > Leave"))
    return replace(plain_document("rules.md", TEXT), **{"headings": headings, **changes})


def lines(document: Document, window: int = 200) -> ContextLines:
    return ContextLines.of(document, MODEL.tokenizer, window)


def chunks(document: Document, max_tokens: int, window: int = 200) -> list[Chunk]:
    return chunk_document(document, ChunkingSpec(max_tokens, context=True), window, MODEL.tokenizer)


def test_a_chunk_names_title_and_headings_except_those_it_begins_with():
    found = [(chunk.text.split("\n")[0], chunk.context) for chunk in chunks(handbook(), 40)]
    assert found == [
        ("# Handbook", ""),
        ("## Leave", "Handbook"),
        ("Then fill in the form. It is short.", "Handbook > Leave"),
    ]


def test_a_line_costs_tokens_of_the_window_and_not_of_the_chunk():
    line = lines(handbook()).most_tokens(handbook())
    assert line == MODEL.count_tokens(["Handbook > Leave"])[0] + 1
    assert max(chunk.n_tokens for chunk in chunks(handbook(), 40, window=40 + line)) == 35
    assert max(chunk.n_tokens for chunk in chunks(handbook(), 40, window=30 + line)) <= 30


def test_the_model_reads_the_line_before_the_text_and_the_span_stays_exact():
    for chunk in chunks(handbook(), 40):
        assert TEXT[chunk.start : chunk.end] == chunk.text
        assert chunk.embedded_text == (f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text)


def test_without_the_setting_there_is_no_line():
    spec = ChunkingSpec(40)
    assert {chunk.context for chunk in chunk_document(handbook(), spec, 200, MODEL.tokenizer)} == {""}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("reports/annual_report-2023.txt", "annual report 2023"),
        ("C:\\files\\Travel policy.docx", "Travel policy"),
        ("scan 0012.pdf", ""),
        ("document(3).txt", ""),
        ("2024-01-05.txt", ""),
        ("New Document copy.docx", ""),
        ("Übersicht.txt", "Übersicht"),
    ],
)
def test_the_title_is_the_file_name_if_it_says_something(name: str, title: str):
    assert title_of(plain_document(name, "Some text.")) == title


def test_a_heading_is_the_title_only_if_the_document_begins_with_it_and_all_others_are_below():
    assert title_of(handbook()) == "Handbook"
    assert title_of(handbook(headings=(Heading(0, "Handbook"), Heading(30, "Leave")))) == "rules"
    assert title_of(handbook(headings=(Heading(14, "Welcome"),))) == "rules"
    assert title_of(handbook(headings=(Heading(0, "Handbook"), Heading(30, "Handbooks > Leave")))) == "rules"


def test_headings_of_a_pdf_are_guessed_and_left_out():
    assert lines(handbook(media_type="application/pdf")).line("Handbook > Leave", "Ask.") == "rules"


def table(*rows: tuple[str, Fields], headings: tuple[Heading, ...] = ()) -> Document:
    """A document with these rows: the text and the fields of each."""
    text, placed = "", []
    for row, fields in rows:
        placed.append(Row(len(text), len(text) + len(row), fields))
        text += f"{row}\n\n"
    return replace(
        plain_document("birds.csv", text.rstrip()), media_type="text/csv", rows=tuple(placed), headings=headings
    )


def test_rows_of_a_table_have_their_names_and_categories():
    fields = (("id", "B-1"), ("bird", "Snowy owl"), ("seen", "2024-05-01"), ("site", "Moor"), ("land", "Norway"))
    other = (("id", "B-2"), ("bird", "Barn owl"), ("seen", "2024-05-02"), ("site", ""), ("land", "Norway"))
    document = table(("It sat on a post.", fields), ("It flew over the yard.", other), headings=(Heading(0, "Owls"),))
    found = [chunk.context for chunk in chunks(document, 40)]
    assert found == ["Owls > bird: Snowy owl; site: Moor", "Owls > bird: Barn owl"]


def test_what_a_row_says_itself_is_not_repeated_in_its_line():
    fields = (("bird", "Snowy owl"), ("site", "Moor of the north"), ("size", "66 cm"))
    other = (("bird", "Barn owl"), ("site", "Yard"), ("size", "36 cm"))
    whole = [("; ".join(f"{column}: {value}" for column, value in row), row) for row in (fields, other)]
    assert {chunk.context for chunk in chunks(table(*whole), 80)} == {""}
    parts = chunks(table(*whole), 24)
    assert (parts[0].text, parts[0].context) == ("bird: Snowy owl; site:", "site: Moor of the north")
    assert (parts[1].text, parts[1].context) == ("Moor of the north;", "bird: Snowy owl; site: Moor of the north")


def test_chunks_of_a_document_with_a_table_in_it_keep_the_title():
    text = f"{TEXT}\n\nday: Monday; shift: early\nday: Sunday; shift: none"
    rows = tuple(Row(text.index(line), text.index(line) + len(line), ()) for line in text.splitlines()[-2:])
    document = replace(handbook(), text=text, rows=rows)
    assert [chunk.context for chunk in chunks(document, 60)][-1] == "Handbook > Leave"


def test_labels_that_do_not_fit_are_left_out_whole():
    fields = tuple((f"column {number}", f"value of {number}") for number in range(9))
    (first, _) = chunks(table(("An owl.", fields), ("A mole.", (("column 0", "other"),))), 40)
    assert first.context == "column 0: value of 0; column 1: value of 1"
    assert MODEL.count_tokens([first.context])[0] <= 200 / 4


def test_a_long_path_keeps_its_ends_and_a_long_heading_its_beginning():
    path = " > ".join(f"Part {number} {'about many things ' * 3}" for number in range(6))
    line = lines(handbook(headings=(Heading(0, path),)), window=4_000).line(path, "Text.")
    assert len(line) <= 200
    assert "Part 0" in line
    assert "Part 5" in line
    long = lines(handbook(headings=(Heading(0, "word " * 60),)), window=4_000).line("word " * 60, "Text.")
    assert long.endswith("word…")
    assert len(long) <= 80


@settings(max_examples=60, deadline=None)
@given(
    title=st.text("ab cd", max_size=40),
    sentences=st.integers(1, 30),
    max_tokens=st.integers(10, 200),
    window=st.integers(60, 300),
)
def test_line_and_text_fit_the_window_together(title: str, sentences: int, max_tokens: int, window: int):
    body = " ".join(f"Sentence number {number} tells something." for number in range(sentences))
    text = f"# {title}\n\n{body}"
    document = replace(plain_document("notes.md", text), headings=(Heading(0, " ".join(title.split()) or "Notes"),))
    found = chunks(document, max_tokens, window)
    assert found
    for chunk in found:
        assert MODEL.count_tokens([chunk.embedded_text])[0] <= window
        assert chunk.n_tokens <= max_tokens
        assert text[chunk.start : chunk.end] == chunk.text
