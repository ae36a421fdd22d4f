"""Subtitles: what was said in flowing paragraphs, with time and speaker as labels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import config
from rag.chunking.chunker import chunk_document
from rag.documents.encodings import decode
from rag.documents.loading import load_document
from rag.types import ChunkingSpec, Document
from tests.support.fakes import WordEmbedder
from tests.support.formats.source_words import missing

FILES = config.ROOT.parent / "shared" / "files" / "chardet"
SRT = """1
00:00:00,000 --> 00:00:08,500
Welcome to the <i>safety</i> talk.

2
00:00:10,000 --> 00:00:18,500
{\\an8}Never open the cabinet

3
00:00:20,000 --> 00:00:28,500
while the <font color="red">red lamp</font> is on.

4
00:01:05,000 --> 00:01:08,500
Gloves are in
the yellow box.
"""
VTT = """WEBVTT - Safety
Kind: captions

NOTE made by hand

STYLE
::cue { color: red }

intro
00:00.000 --> 00:08.500 align:start position:0%
<v Dana Fox>Welcome &amp; good <c.loud>morning</c>.</v>

00:10.000 --> 00:18.500
<v Dana Fox>The lamp<00:11.000> is on.</v>

01:00:20.000 --> 01:00:28.500
<v Ben>Is it safe?
<v Dana Fox>Not yet.

NOTE
the end
"""


def said(document: Document) -> list[tuple[str, str]]:
    """The paragraphs with their labels."""
    return [(" ".join(value for _, value in row.fields), document.text[row.start : row.end]) for row in document.rows]


def test_what_was_said_flows_without_numbers_times_and_tags():
    document = load_document("talk.srt", SRT.encode())
    assert said(document) == [
        ("00:00:00", "Welcome to the safety talk. Never open the cabinet while the red lamp is on."),
        ("00:01:05", "Gloves are in the yellow box."),
    ]
    assert document.notes == ()
    assert document.rows[1].fields == (("time", "00:01:05"),)


def test_speakers_are_labels_and_comments_are_said():
    document = load_document("talk.vtt", VTT.encode())
    assert said(document) == [
        ("00:00:00 Dana Fox", "Welcome & good morning. The lamp is on."),
        ("01:00:20 Ben", "Is it safe?"),
        ("01:00:20 Dana Fox", "Not yet."),
    ]
    assert document.rows[1].fields == (("time", "01:00:20"), ("speaker", "Ben"))
    assert document.notes[0].startswith("Comments were left out (")


def test_captions_that_roll_are_read_once():
    lines = ["one two", "three four", "five six"]
    cues = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{lines[n - 1]}\n{lines[n]}" for n in (1, 2)]
    text = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\none two\n\n" + "\n\n".join(cues)
    assert load_document("a.vtt", text.encode()).text == "one two three four five six"


def test_long_speech_is_parted_at_sentences_so_that_each_part_has_its_time():
    cues = "".join(
        f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:04,000\nSentence number {n} has exactly eight words here.\n\n"
        for n in range(20)
    )
    document = load_document("a.srt", cues.encode())
    assert len(document.rows) > 4
    assert all(document.text[row.start : row.end].endswith("here.") for row in document.rows)
    times = [dict(row.fields)["time"] for row in document.rows]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


def test_a_file_without_times_is_read_as_text():
    document = load_document("a.srt", b"just words")
    assert document.text == "just words"
    assert document.notes == ("No times were found, so it was read as plain text.",)


CUES = st.lists(
    st.lists(st.sampled_from(["ask", "Dana.", "the box", "12", "<i>now</i>"]), min_size=1, max_size=4), min_size=1
)


@given(CUES, st.booleans())
def test_every_word_that_is_shown_is_read_in_order(cues, numbered):
    blocks = [
        (f"{n}\n" if numbered else "") + f"00:00:{n % 60:02},000 --> 00:00:{n % 60:02},900\nc{n} " + " ".join(words)
        for n, words in enumerate(cues)
    ]
    document = load_document("a.srt", "\n\n".join(blocks).encode())
    expected = " ".join(f"c{n} {' '.join(words)}" for n, words in enumerate(cues))
    assert document.text.split() == re.sub(r"</?i>", "", expected).split()


@pytest.mark.skipif(not FILES.is_dir(), reason="the folder of real files is not here")
def test_no_word_of_real_subtitles_is_dropped():
    for path in sorted(Path(FILES).glob("*.srt")):
        text = decode(path.name, path.read_bytes()).text
        source = re.sub(r"(?m)^\d+$|^[\d:,]+ --> [\d:,]+.*$", "", text.replace("\r", ""))
        assert missing(source, [load_document(path.name, path.read_bytes())]) == [], path.name


def test_the_context_line_of_speech_has_the_file_and_its_speaker():
    embedder = WordEmbedder()
    document = load_document("safety talk.vtt", VTT.encode())
    chunks = chunk_document(document, ChunkingSpec(context=True), embedder.window, embedder.tokenizer)
    assert [chunk.context for chunk in chunks] == [
        "safety talk > speaker: Dana Fox",
        "safety talk > speaker: Ben",
        "safety talk > speaker: Dana Fox",
    ]
    assert chunks[1].fields == (("time", "01:00:20"), ("speaker", "Ben"))
