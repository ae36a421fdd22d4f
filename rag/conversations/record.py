"""JSON records of turns: a turn of a conversation <-> the JSON text that is stored for it."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NoReturn, TypeVar

from rag.answering.types import Answer, Dependence, LabelledAnswer, Support, Turn
from rag.errors import CollectionError, first_problem
from rag.generation.types import Prompt
from rag.types import Chunk, Hit

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = 2
"""Version 2 is written only for a turn with altered sentences, which version 1 does not know."""
_LARGEST = 2**53
"""Larger whole numbers are not exact in every reader of JSON."""
_NO_CHUNK = Chunk("", 0, 0, "", 0)
_NO_CHUNK_VALUES = asdict(_NO_CHUNK)
_T = TypeVar("_T")
_Object = Mapping[str, object]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class _Bare:
    """A record without references: its hits have `_NO_CHUNK`, its answers no hits and no packed query vector."""

    turn: Turn
    hits: tuple[Hit, ...]
    chunks: tuple[Chunk, ...]


@cache
def _adapter() -> TypeAdapter[_Bare]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Bare)


def turn_to_json(turn: Turn) -> str:
    """The turn as JSON text; `turn_from_json` reads it back as an equal turn.

    The text is an object with a `version`, the `turn`, its `hits` and their `chunks`. Each hit and each chunk is stored
    once: in place of its hits, an answer has their positions in `hits`, and a hit's `chunk` is a position in `chunks`.
    A `query_vector` is base64 of little-endian float32, or a list of numbers if they are not all exact in float32.

    Raises:
        CollectionError: a text holds half a character (a lone surrogate), or a number is not finite.
        ValueError: the turn contradicts itself: a span beyond its text, a passage that does not exist.
    """
    for labelled in turn.answers:
        _require_agreement(labelled.answer)
    try:
        text = json.dumps(_values(turn), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError as error:
        what = "half a character" if isinstance(error, UnicodeEncodeError) else "a number that is not finite"
        raise CollectionError(f"This answer cannot be stored: it holds {what}. Ask again, in other words.") from error
    return text


def turn_from_json(text: str) -> Turn:
    """The turn that `turn_to_json` wrote; keys that this version does not know are ignored.

    Raises:
        CollectionError: a newer version wrote it, it is damaged, or it contradicts itself. This finds every fault that
            could break a page.
    """
    try:
        record = json.loads(text, parse_constant=_refuse, parse_int=_exact, parse_float=_finite)
        version = record.get("version") if isinstance(record, dict) else None
        if type(version) is int and version > VERSION:
            raise CollectionError(
                "A stored answer cannot be read: a newer version of this program made it. Update the program."
            )
        if version not in (1, VERSION):
            raise ValueError("it has no version")
        return _turn(record)
    except (ValueError, RecursionError) as error:
        what = first_problem(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise CollectionError(
            f"A stored answer is damaged: {what}. Delete its conversation, or put back a copy of the file."
        ) from error


class _Positions(dict[_T, int]):
    """Numbers values from 0; equal values get the same number."""

    def of(self, value: _T) -> int:
        return self.setdefault(value, len(self))

    def of_each(self, values: Sequence[_T]) -> list[int]:
        return [self.of(value) for value in values]


def _values(turn: Turn) -> _Object:
    """The record of a turn as JSON values, with positions in place of hits and chunks."""
    hits, chunks = _Positions[Hit](), _Positions[Chunk]()
    references = [_references(each.answer, hits) for each in turn.answers]
    of_hits = [chunks.of(hit.chunk) for hit in hits]
    bare_answers = tuple(LabelledAnswer(each.label, _without_references(each.answer)) for each in turn.answers)
    bare_hits = tuple(replace(hit, chunk=_NO_CHUNK) for hit in hits)
    values = _adapter().dump_python(_Bare(replace(turn, answers=bare_answers), bare_hits, tuple(chunks)))
    for labelled, refers_to in zip(values["turn"]["answers"], references, strict=True):
        labelled["answer"]["prompt"].update(refers_to.pop("prompt"))
        labelled["answer"].update(refers_to)
    for hit, position in zip(values["hits"], of_hits, strict=True):
        hit["chunk"] = position
        _drop_empty(hit, "weighing")
        _drop_empty(hit, "label")
        for finding in hit["found_by"]:
            _drop_empty(finding, "added")
    supports = [support for labelled in values["turn"]["answers"] for support in labelled["answer"]["supports"]]
    for support in supports:
        _drop_empty(support, "contradictions")
        _drop_empty(support, "context")
    version = VERSION if any(support["verdict"] == "altered" for support in supports) else 1
    return {"version": version, **values}


def _drop_empty(values: dict[str, object], key: str) -> None:
    """Leave out what says nothing, as records of earlier versions do."""
    if not values[key]:
        del values[key]


def _without_references(answer: Answer) -> Answer:
    return replace(answer, hits=(), prompt=replace(answer.prompt, hits=(), left_out=()), query_vector=())


def _references(answer: Answer, hits: _Positions[Hit]) -> dict[str, object]:
    """What `_without_references` removes: hits as positions, and the packed vector."""
    return {
        "hits": hits.of_each(answer.hits),
        "prompt": {"hits": hits.of_each(answer.prompt.hits), "left_out": hits.of_each(answer.prompt.left_out)},
        "query_vector": _packed(answer.query_vector),
    }


def _turn(record: _Object) -> Turn:
    """The turn of a record: remove the references from the JSON, check its types, and resolve the references."""
    turn = _object(record, "turn")
    labelled, hits = _objects(turn, "answers"), _objects(record, "hits")
    answers = [_object(each, "answer") for each in labelled]
    bare_answers = [{**each, "answer": _bare_answer(answer)} for each, answer in zip(labelled, answers, strict=True)]
    from pydantic_core import to_json

    bare = {
        "turn": {**turn, "answers": bare_answers},
        "hits": [{**hit, "chunk": _NO_CHUNK_VALUES} for hit in hits],
        "chunks": record.get("chunks"),
    }
    read = _adapter().validate_json(to_json(bare), strict=True)
    for chunk in read.chunks:
        _require_chunk(chunk)
    whole_hits = [
        replace(hit, chunk=_chosen(read.chunks, values.get("chunk")))
        for hit, values in zip(read.hits, hits, strict=True)
    ]
    whole_answers = [
        LabelledAnswer(each.label, _whole_answer(each.answer, values, whole_hits))
        for each, values in zip(read.turn.answers, answers, strict=True)
    ]
    place = read.turn
    _require(place.slot >= 0 and 1 <= place.version <= place.versions and place.turn_id >= 0, "the turn's place")
    return replace(place, answers=tuple(whole_answers))


def _bare_answer(answer: _Object) -> _Object:
    vector = answer.get("query_vector", [])
    return {
        **answer,
        "hits": [],
        "prompt": {**_object(answer, "prompt"), "hits": [], "left_out": []},
        "query_vector": [] if isinstance(vector, str) else vector,
    }


def _whole_answer(read: Answer, values: _Object, hits: Sequence[Hit]) -> Answer:
    """The answer with the hits that its JSON refers to, and its query vector."""
    prompt, vector = _object(values, "prompt"), values.get("query_vector")
    answer = replace(
        read,
        hits=_all_chosen(hits, values.get("hits")),
        prompt=replace(
            read.prompt,
            hits=_all_chosen(hits, prompt.get("hits")),
            left_out=_all_chosen(hits, prompt.get("left_out")),
        ),
        query_vector=_unpacked(vector) if isinstance(vector, str) else read.query_vector,
    )
    _require_agreement(answer)
    return answer


def _object(values: _Object, name: str) -> _Object:
    value = values.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"it has no {name}")
    return value


def _objects(values: _Object, name: str) -> Sequence[_Object]:
    value = values.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"it has no {name}")
    return value


def _all_chosen(values: Sequence[_T], positions: object) -> tuple[_T, ...]:
    if not isinstance(positions, list):
        raise ValueError("it has no list of positions where one is needed")
    return tuple([_chosen(values, position) for position in positions])


def _chosen(values: Sequence[_T], position: object) -> _T:
    if type(position) is not int or not 0 <= position < len(values):
        raise ValueError("it refers to a hit or a chunk that it does not contain")
    return values[position]


def _packed(vector: Sequence[float]) -> object:
    """Base64 if no number loses digits by it; else the numbers."""
    try:
        content = struct.pack(f"<{len(vector)}f", *vector)
    except OverflowError:
        return list(vector)
    is_exact = struct.unpack(f"<{len(vector)}f", content) == tuple(vector) and all(map(math.isfinite, vector))
    return base64.b64encode(content).decode() if is_exact else list(vector)


def _unpacked(packed: str) -> tuple[float, ...]:
    content = base64.b64decode(packed, validate=True)
    _require(len(content) % 4 == 0, "the query's vector")
    vector = struct.unpack(f"<{len(content) // 4}f", content)
    _require(all(map(math.isfinite, vector)), "the query's vector")
    return vector


def _require_chunk(chunk: Chunk) -> None:
    _require(0 <= chunk.start <= chunk.end and min(chunk.chunk_id, chunk.n_tokens) >= 0, "a chunk's numbers")
    _require(chunk.page is None or chunk.page >= 1, "a chunk's page")


def _require_agreement(answer: Answer) -> None:
    """Raise ValueError for a position or a span that lies outside the value it refers to."""
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
    least = 1 if support.verdict in ("supported", "altered") else 0
    _require(least <= support.number <= len(hits), "the passage of a sentence")
    _require((support.verdict == "altered") == bool(support.contradictions), "what an altered sentence says")
    start, end = support.passage
    longest = max((len(hit.chunk.text) for hit in hits), default=0)
    of = len(hits[support.number - 1].chunk.text) if support.number else longest
    _require(0 <= start <= end <= of, "the span of a passage")


def _require_dependence(dependence: Dependence, answer: Answer) -> None:
    _require(1 <= dependence.number <= len(answer.prompt.hits), "a passage that was left out")
    _require(all(0 <= row < len(answer.supports) for row in dependence.changed), "a sentence that changed")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"it has an impossible value for {what}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}")


def _exact(digits: str) -> int:
    number = int(digits)
    if abs(number) > _LARGEST:
        raise ValueError(f"it holds a number beyond 2**53: {digits[:40]}")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"it holds a number that is too large: {digits[:40]}")
    return number
