"""Sample answers: recorded answers to the sample's questions, shown when no model can answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rag import config
from rag.answer import Found, Progress, Request, unanswered
from rag.answering.types import Answer, LabelledAnswer, Turn
from rag.conversations.export import from_json, to_json
from rag.errors import CollectionError, ExplorerError, ModelError
from rag.store.collection import Collection
from rag.types import Chunk, Hit

FILE_NAME = "recorded.json"
RECORDED = "recorded"
"""The name that stands for recorded answers in a choice of answering models."""
_Place = tuple[str, str]
"""A document's name and the text of one of its chunks."""


def record(questions: Iterable[str], answer: Callable[[str], Turn], path: Path) -> int:
    """Ask each question, write the turns to `path` when all are answered, and return how many there are.

    The file is an exported conversation. Its title names the models and the day.

    Raises:
        ModelError: an answer failed or was stopped; then nothing is written.
        OSError: the file cannot be written.
    """
    turns = []
    for question in questions:
        turn = answer(question)
        if not turn.answers or any(each.answer.usage.ending in ("stopped", "broken") for each in turn.answers):
            raise ModelError(f"'{question}' was not answered completely, so nothing was recorded. Record again.")
        turns.append(turn)
    models = sorted({each.answer.model for turn in turns for each in turn.answers})
    title = f"Recorded from {', '.join(models)} on {datetime.now(UTC):%Y-%m-%d}"
    unfinished = path.with_name(f".{path.name}.writing")
    unfinished.write_text(to_json(title, turns), encoding="utf-8")
    unfinished.replace(path)
    return len(turns)


def recorded_turns() -> tuple[Turn, ...]:
    """The recorded turns of the sample, or none if the file is missing. `asked_at` says when each was recorded.

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
    """The recorded turn whose question has the same words, ignoring case and punctuation; None if there is none.

    Raises:
        CollectionError: the file is damaged.
    """
    wanted = _words(question)
    return next((turn for turn in recorded_turns() if wanted and _words(turn.question) == wanted), None)


def attached(turn: Turn, collection: Collection) -> Turn:
    """The turn with each hit's chunk replaced by the collection's chunk with the same document name and text.

    If there is no such chunk, the recorded one is kept with the id 0. A query vector of another dimension than the
    collection's is left out.
    """
    places = {
        (hit.document_name, hit.chunk.text)
        for labelled in turn.answers
        for hits in (labelled.answer.hits, labelled.answer.prompt.hits, labelled.answer.prompt.left_out)
        for hit in hits
    }
    chunks = _chunks_at(collection, places)
    dimension = collection.spec.embedding.dimension
    return replace(
        turn,
        answers=tuple(
            LabelledAnswer(labelled.label, _attached_answer(labelled.answer, chunks, dimension))
            for labelled in turn.answers
        ),
    )


def _chunks_at(collection: Collection, places: set[_Place]) -> dict[_Place, Chunk]:
    """The first chunk of the collection at each of these places; places without one are left out."""
    names = {name for name, _ in places}
    found: dict[_Place, Chunk] = {}
    for document_id, name in collection.document_names().items():
        for chunk in collection.chunks_of(document_id) if name in names else ():
            if (name, chunk.text) in places:
                found.setdefault((name, chunk.text), chunk)
    return found


def _attached_answer(answer: Answer, chunks: dict[_Place, Chunk], dimension: int) -> Answer:
    def moved(hits: Sequence[Hit]) -> tuple[Hit, ...]:
        return tuple(
            replace(hit, chunk=chunks.get((hit.document_name, hit.chunk.text)) or replace(hit.chunk, chunk_id=0))
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


def replay(request: Request, collection: Collection, *, searches_all: bool = True) -> Iterator[Progress]:
    """Yield the passages of the recorded answer, its text line by line, and the Answer last; its notes name model and
    date.

    The passages are replaced by this collection's chunks. If there is no recording of the question, the Answer's
    `problem` says so and lists questions that have one.

    Args:
        searches_all: whether the whole collection is searched, as it was for the recording.
    """
    try:
        answer = recorded_for(request, collection, searches_all=searches_all)
    except ExplorerError as error:
        yield unanswered(request, RECORDED, str(error))
        return
    yield Found(answer.hits)
    yield from answer.text.splitlines(keepends=True)
    yield answer


def recorded_for(request: Request, collection: Collection, *, searches_all: bool) -> Answer:
    """The recorded answer to a request, with this collection's chunks as its passages.

    Raises:
        ModelError: no recording fits the request.
        CollectionError: the recordings or the collection cannot be read.
    """
    if not (searches_all and request.uses_documents and not request.settings.documents):
        raise ModelError(
            "Sample answers were recorded with all documents. Choose a model to answer without documents or from "
            "some of them."
        )
    found = recorded_answer(request.question)
    if found is None:
        known = "; ".join(turn.question for turn in recorded_turns()[:5])
        way_on = f"Ask one of these: {known}" if known else "Choose another model."
        raise ModelError(f"There is no sample answer to this question. {way_on}")
    answer = attached(found, collection).answers[0].answer
    model = "the built-in model" if answer.model == config.BUILTIN_GENERATOR else f"the model '{answer.model}'"
    note = f"Sample answer, recorded on {answer.asked_at[:10]} from {model}. No model was asked now."
    return replace(answer, question=request.question, notes=(*answer.notes, note))
