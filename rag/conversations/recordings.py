"""Recorded answers to the samples' questions, which replay where no model answers."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rag import config
from rag.answer import Equipment, Progress, Request, answer_or_problem, unanswered
from rag.answering.types import Answer, LabelledAnswer, Turn
from rag.conversations.export import from_json, to_json
from rag.errors import CollectionError, ExplorerError, ModelError
from rag.store.collection import Collection
from rag.types import Chunk, Hit

FILE_NAME = "recorded.json"
_Place = tuple[str, str]
"""A document's name and the text of one of its chunks."""


def record(questions: Iterable[str], answer: Callable[[str], Turn], path: Path) -> int:
    """Ask each question and write the turns to `path`, once all are answered; how many there are.

    The file is an exported conversation, of which the title has the models' names and the day.

    Raises:
        ModelError: an answer failed or was stopped; nothing is written then.
        OSError: the file cannot be written.
    """
    turns = []
    for question in questions:
        turn = answer(question)
        if not turn.answers or any(each.answer.usage.ending in ("stopped", "broken") for each in turn.answers):
            raise ModelError(f"'{question}' was not answered to its end, so nothing was recorded. Record once more.")
        turns.append(turn)
    models = sorted({each.answer.model for turn in turns for each in turn.answers})
    title = f"Recorded from {', '.join(models)} on {datetime.now(UTC):%Y-%m-%d}"
    unfinished = path.with_name(f".{path.name}.writing")
    unfinished.write_text(to_json(title, turns), encoding="utf-8")
    unfinished.replace(path)
    return len(turns)


def recorded_turns() -> tuple[Turn, ...]:
    """The recorded turns of the samples; none where the file is not there. `asked_at` says when each was recorded.

    Raises:
        CollectionError: the file is damaged.
    """
    path = config.SAMPLES / FILE_NAME
    try:
        return from_json(path.read_text(encoding="utf-8")).turns
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, CollectionError) as error:
        raise CollectionError(
            f"The recorded answers in '{path.name}' cannot be read: {error} Put the file back as it was installed."
        ) from error


def recorded_answer(question: str) -> Turn | None:
    """The recorded turn with the same words, whatever their case and punctuation; None where there is none.

    Raises:
        CollectionError: the file is damaged.
    """
    wanted = _words(question)
    return next((turn for turn in recorded_turns() if wanted and _words(turn.question) == wanted), None)


def attached(turn: Turn, collection: Collection) -> Turn:
    """The turn with each hit's chunk replaced by the one of the collection with the same document name and text.

    Where there is none, the chunk stays, with the id 0. A query's vector of another dimension than the collection's
    is left out, as it has no place there.
    """
    used = {
        (hit.document_name, hit.chunk.text)
        for labelled in turn.answers
        for hits in (labelled.answer.hits, labelled.answer.prompt.hits, labelled.answer.prompt.left_out)
        for hit in hits
    }
    there = _chunks_at(collection, used)
    dimension = collection.spec.embedding.dimension
    return replace(
        turn,
        answers=tuple(
            LabelledAnswer(labelled.label, _attached_answer(labelled.answer, there, dimension))
            for labelled in turn.answers
        ),
    )


def _chunks_at(collection: Collection, places: set[_Place]) -> dict[_Place, Chunk]:
    """The first chunk of each place that the collection has."""
    names = {name for name, _ in places}
    found: dict[_Place, Chunk] = {}
    for document_id, name in collection.document_names().items():
        for chunk in collection.chunks_of(document_id) if name in names else ():
            if (name, chunk.text) in places:
                found.setdefault((name, chunk.text), chunk)
    return found


def _attached_answer(answer: Answer, there: dict[_Place, Chunk], dimension: int) -> Answer:
    def moved(hits: Sequence[Hit]) -> tuple[Hit, ...]:
        return tuple(
            replace(hit, chunk=there.get((hit.document_name, hit.chunk.text)) or replace(hit.chunk, chunk_id=0))
            for hit in hits
        )

    return replace(
        answer,
        hits=moved(answer.hits),
        prompt=replace(answer.prompt, hits=moved(answer.prompt.hits), left_out=moved(answer.prompt.left_out)),
        query_vector=answer.query_vector if len(answer.query_vector) == dimension else (),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


RECORDED = "recorded"
"""The name of the choice to answer from recordings."""


def replay(
    request: Request, collection: Collection, stop: threading.Event | None = None, *, searches_all: bool = True
) -> Iterator[Progress]:
    """The recorded answer to a question, with its passages found in this collection; its model and date are noted.

    Where there is none, the Answer's `problem` says why, and which questions have one.

    Args:
        searches_all: whether the question is asked of the whole collection, as it was when it was recorded.
    """
    try:
        answer = _recorded(request, collection, searches_all)
    except ExplorerError as error:
        yield unanswered(request, RECORDED, str(error))
        return
    yield from answer.text.splitlines(keepends=True)
    yield answer


def answer_or_replay(
    request: Request,
    model: str,
    prepare: Callable[[], Equipment],
    collection: Collection,
    stop: threading.Event | None = None,
    *,
    searches_all: bool = True,
) -> Iterator[Progress]:
    """`answer_or_problem`, but where the model wrote nothing, the recorded answer to this question, if there is one.

    Its first note says what was wrong with the model. `searches_all` is as for `replay`.
    """
    for piece in answer_or_problem(request, model, prepare, stop):
        if isinstance(piece, Answer) and piece.usage.ending == "broken" and not piece.text:
            yield _in_place_of(piece, request, collection, searches_all)
        else:
            yield piece


def _in_place_of(failed: Answer, request: Request, collection: Collection, searches_all: bool) -> Answer:
    """The recorded answer; the failed one where none fits."""
    try:
        recorded = _recorded(request, collection, searches_all)
    except ModelError:
        return failed
    except CollectionError as error:
        return replace(failed, notes=(*failed.notes, str(error)))
    return replace(recorded, notes=(failed.problem, *recorded.notes))


def _recorded(request: Request, collection: Collection, searches_all: bool) -> Answer:
    """Raises ModelError where no recording fits the request, CollectionError where something cannot be read."""
    if not (searches_all and request.uses_documents and not request.settings.documents):
        raise ModelError(
            "Recorded answers were made from all documents. To answer without them, or from some, choose a model."
        )
    found = recorded_answer(request.question)
    if found is None:
        known = "; ".join(turn.question for turn in recorded_turns()[:5])
        raise ModelError(f"There is no recorded answer to this question. Ask one of these: {known}")
    answer = attached(found, collection).answers[0].answer
    named = "the built-in model" if answer.model == config.BUILTIN_GENERATOR else f"the model '{answer.model}'"
    note = f"Recorded on {answer.asked_at[:10]} from {named}. No model has written it now."
    return replace(answer, question=request.question, notes=(*answer.notes, note))
