"""Conversation export: as Markdown for readers, and as JSON with all data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rag.answering.types import Answer, Turn
from rag.conversations.record import turn_from_json, turn_to_json
from rag.errors import CollectionError
from rag.report.figures import doubt_sentence, similarity
from rag.servers.types import Ending
from rag.types import Hit

FORMAT = "embedding-explorer conversation"
VERSION = 1
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
# All characters that can begin markup, except where they cannot: at the end of a sentence (not after a number, which
# could be a list item, nor after www), and hyphens and colons within a word.
_MARKUP = re.compile(r"(?!(?<=[^\W\dwW])\.(?=\s|\Z)|(?<=\w)[-:](?=\w)|:(?=\s))([!#$&(*+\-.:<=>@\[\\\]^_`{|}~])")
_UNFINISHED: dict[Ending, str] = {
    "length": "The model reached its token limit.",
    "stopped": "It was stopped.",
    "broken": "It broke off.",
}
_UNSUPPORTED = "[?]"
_ALTERED = "[{}?]"


@dataclass(frozen=True, slots=True)
class ExportedConversation:
    """A conversation as read from an export."""

    title: str
    turns: tuple[Turn, ...]


def to_json(title: str, turns: Sequence[Turn]) -> str:
    """Indented JSON: `format`, `version`, `title`, and `turns`, each in the format of `turn_to_json`.

    Raises:
        CollectionError: a turn holds a lone surrogate, or a number that is not finite.
        ValueError: a turn is inconsistent, as in `turn_to_json`.
    """
    records = [json.loads(turn_to_json(turn)) for turn in turns]
    conversation = {"format": FORMAT, "version": VERSION, "title": title, "turns": records}
    return json.dumps(conversation, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> ExportedConversation:
    """Read the output of `to_json`.

    Raises:
        CollectionError: the text has another format, is damaged, or was written by a newer version.
    """
    try:
        conversation = json.loads(text)
        if not isinstance(conversation, dict) or conversation.get("format") != FORMAT:
            raise ValueError("its format is not stated")
        title, records = conversation.get("title"), conversation.get("turns")
        if conversation.get("version") != VERSION or not isinstance(title, str) or not isinstance(records, list):
            raise ValueError("its title or turns are missing, or it is from a newer version of this program")
        return ExportedConversation(title, tuple(turn_from_json(json.dumps(record)) for record in records))
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise CollectionError(f"This is not an exported conversation: {what}. Export it again.") from error


def to_markdown(title: str, turns: Sequence[Turn]) -> str:
    """Questions and answers with numbered sources, as CommonMark.

    A supported sentence ends with the number of its passage, such as [1], an unsupported one with [?], and one that may
    say something else than its passage with [1?]. Questions, answers and documents are escaped: nothing in them becomes
    a heading, a link, an image or HTML.
    """
    return "\n\n".join([f"# {_line(title)}", *(block for turn in turns for block in _turn_blocks(turn))]) + "\n"


def _turn_blocks(turn: Turn) -> Iterator[str]:
    yield f"## {_line(turn.question)}"
    for labelled in turn.answers:
        if labelled.label:
            yield f"### {_line(labelled.label)}"
        yield from _answer_blocks(labelled.answer)


def _answer_blocks(answer: Answer) -> Iterator[str]:
    if answer.query != answer.question:
        yield f"Searched for: {_line(answer.query)}"
    yield _paragraphs(_marked(answer)) or "(no answer)"
    yield from map(_line, answer.notes)
    if answer.problem:
        yield _line(answer.problem)
    if any(support.verdict == "unsupported" for support in answer.supports):
        yield f"{_UNSUPPORTED} No passage supports this sentence."
    for number, doubt in dict.fromkeys((one.number, doubt_sentence(one)) for one in answer.supports):
        if doubt:
            yield f"{_ALTERED.format(number)} This passage may say something else. {_line(doubt)}"
    yield _made_by(answer)
    for number, hit in enumerate(answer.prompt.hits, start=1):
        yield _source(number, hit)
        yield _fenced(hit.chunk.text)


def _marked(answer: Answer) -> str:
    """The answer as escaped Markdown, with a mark after each checked sentence."""
    pieces, end = [], 0
    for support in answer.supports:
        pieces.append(_escaped(answer.text[end : support.end]))
        end = support.end
        if support.verdict == "supported":
            pieces.append(f" [{support.number}]")
        elif support.verdict == "altered":
            pieces.append(f" {_ALTERED.format(support.number)}")
        elif support.verdict == "unsupported":
            pieces.append(f" {_UNSUPPORTED}")
    return "".join([*pieces, _escaped(answer.text[end:])])


def _made_by(answer: Answer) -> str:
    tokens = "" if answer.usage.answer_tokens is None else f", {answer.usage.answer_tokens:,} tokens"
    asked = ""
    if answer.asked_at:
        asked = f", asked {datetime.fromisoformat(answer.asked_at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    ending = _UNFINISHED.get(answer.usage.ending, "")
    return f"Written by {_line(answer.model)} in {answer.timings.total:.1f} s{tokens}{asked}. {ending}".rstrip()


def _source(number: int, hit: Hit) -> str:
    score = f"BM25 score {hit.score:.2f}" if similarity(hit) is None else f"similarity {hit.score:.2f}"
    place = [f"page {hit.chunk.page}"] if hit.chunk.page is not None else []
    place += [_line(hit.chunk.heading)] if hit.chunk.heading.strip() else []
    return ", ".join([f"[{number}] {_line(hit.document_name)}", *place, score])


def _line(text: str) -> str:
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _paragraphs(text: str) -> str:
    """Escaped text with its line breaks; spaces that begin a line are kept, where Markdown would make code of them."""
    lines = [_indented(line.rstrip()) for line in _LINE_ENDS.split(text)]
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    return "\n".join(f"{line}\\" if line and following else line for line, following in pairs).strip("\n")


def _indented(line: str) -> str:
    text = line.lstrip()
    return "&nbsp;" * len(line[: len(line) - len(text)].expandtabs(4)) + text


def _fenced(text: str) -> str:
    """The text in a fence that is longer than any run of its sign within it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *_LINE_ENDS.split(text), fence])
