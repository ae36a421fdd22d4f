"""A turn of a conversation <-> JSON text: how an answer with all that it was made of is kept."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn, TypeVar, cast

from rag.answering.types import Answer, Dependence, Support, Turn
from rag.errors import CollectionError
from rag.generation.types import Prompt
from rag.json_types import from_values, to_values
from rag.types import Chunk, Hit

VERSION = 1
_T = TypeVar("_T")


def turn_to_json(turn: Turn) -> str:
    """The turn as JSON text; `turn_from_json` gives back an equal one.

    An object of a `version`, the `turn` with its fields, its `hits` and their `chunks`. Each hit and each chunk
    stands there once: where an answer has hits, the turn has positions in `hits`, and a hit's `chunk` is a position in
    `chunks`. A `query_vector` is base64 of little-endian float32, or a list of numbers where they are no float32.

    Raises:
        CollectionError: a text holds half a character (a lone surrogate), or a number is not finite.
        ValueError: the turn does not agree with itself: a span beyond its text, a passage that is not there.
    """
    for labelled in turn.answers:
        _require_agreement(labelled.answer)
    hits, chunks = _Positions(), _Positions()

    def answer_values(answer: object) -> object:
        return _answer_values(cast(Answer, answer), hits)

    values = to_values(turn, {Answer: answer_values})
    record = {
        "version": VERSION,
        "turn": values,
        "hits": [to_values(hit, {Chunk: chunks.of}) for hit in hits.values()],
        "chunks": [to_values(chunk) for chunk in chunks.values()],
    }
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError as error:
        what = "half a character" if isinstance(error, UnicodeEncodeError) else "a number that is not finite"
        raise CollectionError(f"This answer cannot be stored: it holds {what}. Ask again, in other words.") from error
    return text


def turn_from_json(text: str) -> Turn:
    """The turn whose `turn_to_json` this is; keys that this version does not know are ignored.

    Raises:
        CollectionError: a newer version made it, it is damaged, or it does not agree with itself: whatever a page
            could trip over is found here.
    """
    try:
        record = json.loads(text, parse_constant=_refuse)
        version = record.get("version") if isinstance(record, dict) else None
        if type(version) is int and version > VERSION:
            raise CollectionError(
                "A stored answer cannot be read: a newer version of this program made it. Update the program."
            )
        if version != VERSION:
            raise ValueError("it has no version")
        return _turn(record)
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise CollectionError(
            f"A stored answer is damaged: {what}. Delete its conversation, or put back a copy of the file."
        ) from error


class _Positions:
    """Numbers values from 0, equal ones alike."""

    def __init__(self) -> None:
        self._positions: dict[object, int] = {}

    def of(self, value: object) -> int:
        return self._positions.setdefault(value, len(self._positions))

    def values(self) -> Sequence[object]:
        return list(self._positions)


def _answer_values(answer: Answer, hits: _Positions) -> object:
    values = cast("dict[str, object]", to_values(replace(answer, query_vector=()), {Hit: hits.of}))
    return {**values, "query_vector": _packed(answer.query_vector)}


def _turn(record: dict[str, object]) -> Turn:
    chunks = [from_values(Chunk, chunk) for chunk in _list(record, "chunks")]
    for chunk in chunks:
        _require(0 <= chunk.start <= chunk.end and min(chunk.chunk_id, chunk.n_tokens) >= 0, "a chunk's numbers")
        _require(chunk.page is None or chunk.page >= 1, "a chunk's page")
    hits = [from_values(Hit, hit, {Chunk: _chosen_from(chunks)}) for hit in _list(record, "hits")]

    def answer(values: object) -> object:
        read = from_values(Answer, _unpacked(values), {Hit: _chosen_from(hits)})
        _require_agreement(read)
        return read

    turn = from_values(Turn, record.get("turn"), {Answer: answer})
    _require(turn.slot >= 0 and 1 <= turn.version <= turn.versions and turn.turn_id >= 0, "the turn's place")
    return turn


def _list(record: dict[str, object], name: str) -> Sequence[object]:
    values = record.get(name)
    if not isinstance(values, list):
        raise ValueError(f"it has no {name}")
    return values


def _chosen_from(values: Sequence[_T]) -> Callable[[object], _T]:
    def chosen(position: object) -> _T:
        if type(position) is not int or not 0 <= position < len(values):
            raise ValueError("it refers to what it does not hold")
        return values[position]

    return chosen


def _packed(vector: Sequence[float]) -> object:
    """Base64 where nothing is lost by it."""
    try:
        content = struct.pack(f"<{len(vector)}f", *vector)
    except OverflowError:
        return list(vector)
    is_exact = struct.unpack(f"<{len(vector)}f", content) == tuple(vector) and all(map(math.isfinite, vector))
    return base64.b64encode(content).decode() if is_exact else list(vector)


def _unpacked(values: object) -> object:
    """The fields of an answer, its vector as a list of numbers."""
    vector = values.get("query_vector") if isinstance(values, dict) else None
    if not isinstance(values, dict) or not isinstance(vector, str):
        return values
    content = base64.b64decode(vector, validate=True)
    _require(len(content) % 4 == 0, "the query's vector")
    return {**values, "query_vector": list(struct.unpack(f"<{len(content) // 4}f", content))}


def _require_agreement(answer: Answer) -> None:
    """Raise ValueError where positions and spans do not lie in what they are of."""
    _require_prompt(answer.prompt)
    end = 0
    for support in answer.supports:
        _require(end <= support.start <= support.end <= len(answer.text), "the place of a sentence")
        _require_support(support, answer.prompt.hits)
        end = support.end
    for dependence in answer.dependences:
        _require_dependence(dependence, answer)
    _require(answer.settings.k >= 1 and answer.settings.budget >= 0, "a retrieval setting")
    if answer.asked_at:
        _require(datetime.fromisoformat(answer.asked_at).tzinfo is not None, "the time of a question")


def _require_prompt(prompt: Prompt) -> None:
    parts = prompt.parts
    counts = (prompt.n_tokens, prompt.context_window, prompt.max_answer_tokens, prompt.history_left_out)
    least = min(*counts, parts.system, parts.history, parts.context, parts.question)
    _require(least >= 0, "a count of the prompt")


def _require_support(support: Support, hits: Sequence[Hit]) -> None:
    _require(len(support.scores) in (0, len(hits)), "the scores of a sentence")
    least = 1 if support.verdict == "supported" else 0
    _require(least <= support.number <= len(hits), "the passage of a sentence")
    start, end = support.passage
    longest = max((len(hit.chunk.text) for hit in hits), default=0)
    of = len(hits[support.number - 1].chunk.text) if support.number else longest
    _require(0 <= start <= end <= of, "the span of a passage")


def _require_dependence(dependence: Dependence, answer: Answer) -> None:
    _require(1 <= dependence.number <= len(answer.prompt.hits), "a passage that was left out")
    _require(all(0 <= row < len(answer.supports) for row in dependence.changed), "a sentence that changed")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} cannot be")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}")
