"""Read subtitles (SRT, VTT) as speech: sentences in flowing paragraphs, each with its time and speaker as labels."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.documents.parsed import Parsed, left_out
from rag.documents.readers.tables import place_rows
from rag.types import Fields

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"[ \t]*{_TIME}[ \t]*-+>[ \t]*{_TIME}(?:[ \t].*)?")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?[ \t]{1,9}([^<>\n]{0,200})>")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>|<\d[\d:.]*>|\{\\[^{}]*\}")
_HEADER = re.compile(r"WEBVTT(?:[ \t]+-)?(?=\s|\Z)")
_NOT_SHOWN = ("NOTE", "STYLE", "REGION")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_ENOUGH, _MOST = 30, 90
"""Words of a paragraph that ends with a sentence, and of any."""
_PAUSE = 20.0
"""Seconds of silence after which a new paragraph begins, if a sentence has ended."""


@dataclass(frozen=True, slots=True)
class _Cue:
    """What is shown at a time, by one speaker; times in seconds."""

    start: float
    end: float
    speaker: str
    text: str


@dataclass(slots=True)
class _Paragraph:
    start: float
    speaker: str
    end: float = 0.0
    words: list[str] = field(default_factory=list)


def read_subtitles(text: str) -> Parsed:
    """The speech as paragraphs, each a row with the labels "time" ("00:01:05") and, if named, "speaker".

    A file without times is read as plain text, with a note.
    """
    cues, comments = _cues(text)
    if not cues:
        note = "No times were found, so it was read as plain text."
        return Parsed(text.strip(), notes=(note,) if text.strip() else ())
    parsed = place_rows((" ".join(one.words), _labels(one)) for one in _paragraphs(cues))
    notes = (left_out("Comments were", comments),) if comments.strip() else ()
    return Parsed(parsed.text, rows=parsed.rows, notes=notes)


def _labels(paragraph: _Paragraph) -> Fields:
    seconds = int(paragraph.start)
    time = ("time", f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}")
    return (time, ("speaker", paragraph.speaker)) if paragraph.speaker else (time,)


def _cues(text: str) -> tuple[list[_Cue], str]:
    """The cues in order, and the text of comments."""
    cues: list[_Cue] = []
    comments: list[str] = []
    lines = text.strip("\ufeff\n ").split("\n")
    starts = [number for number, line in enumerate(lines) if _TIMES.fullmatch(line)]
    comments += _comments(lines[: _before(lines, starts[0])]) if starts else []
    for place, number in enumerate(starts):
        end = _before(lines, starts[place + 1]) if place + 1 < len(starts) else len(lines)
        shown, others = _shown(lines[number + 1 : end])
        comments += others
        match = _TIMES.fullmatch(lines[number])
        assert match is not None
        groups = match.groups()
        cues += _spoken(_seconds(groups[:4]), _seconds(groups[4:]), shown)
    return cues, " ".join(comments)


def _before(lines: Sequence[str], times: int) -> int:
    """Where the cue begins whose times stand in a line: at its number or name, which follows a blank line."""
    has_name = times > 0 and lines[times - 1].strip() and (times == 1 or not lines[times - 2].strip())
    return times - 1 if has_name or (times > 0 and lines[times - 1].strip().isdigit()) else times


def _shown(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines of a cue, and those of comments that follow it."""
    for number, line in enumerate(lines):
        if number and not lines[number - 1].strip() and line.startswith(_NOT_SHOWN):
            return [one for one in lines[:number] if one.strip()], _comments(lines[number:])
    return [line for line in lines if line.strip()], []


def _comments(lines: Sequence[str]) -> list[str]:
    text = _HEADER.sub("", " ".join(line.strip() for line in lines if line.strip()), count=1).strip()
    return [text] if text else []


def _seconds(groups: Sequence[str | None]) -> float:
    hours, minutes, seconds, part = groups
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{part or 0}")


def _spoken(start: float, end: float, lines: Sequence[str]) -> Iterator[_Cue]:
    """A cue for each speaker who is named in the lines."""
    pieces = _VOICE.split("\n".join(lines))
    for speaker, text in [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]:
        words = html.unescape(_TAG.sub("", text))
        if words.strip():
            yield _Cue(start, end, html.unescape(" ".join(speaker.split())), words.strip())


def _paragraphs(cues: Sequence[_Cue]) -> Iterator[_Paragraph]:
    open_one: _Paragraph | None = None
    before: list[str] = []
    for cue in cues:
        lines = [" ".join(line.split()) for line in cue.text.split("\n") if line.strip()]
        new = _not_repeated(lines, before)
        before = lines
        if not new:
            continue
        if open_one and (open_one.speaker != cue.speaker or _is_full(open_one, cue.start)):
            yield open_one
            open_one = None
        open_one = open_one or _Paragraph(cue.start, cue.speaker)
        open_one.words += " ".join(new).split()
        open_one.end = cue.end
    if open_one:
        yield open_one


def _not_repeated(lines: Sequence[str], before: Sequence[str]) -> Sequence[str]:
    """The lines without those at their beginning that the cue before ended with: captions that roll repeat them."""
    for count in range(min(len(lines), len(before)), 0, -1):
        if list(lines[:count]) == list(before[-count:]) and (count < len(lines) or len(before) > count):
            return lines[count:]
    return lines


def _is_full(paragraph: _Paragraph, next_start: float) -> bool:
    if len(paragraph.words) >= _MOST:
        return True
    is_end = bool(_ENDS.search(paragraph.words[-1]))
    return is_end and (len(paragraph.words) >= _ENOUGH or next_start - paragraph.end >= _PAUSE)
