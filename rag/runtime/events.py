"""The event log: a line for each event on standard error, as JSON or text, without any text of documents or questions.

An event has numbers, names of models, and the id of a collection; it has no texts, no names of files or collections and
no addresses of servers, because these may say something of a person. Other programs' records are written without their
messages, which may quote such a text: with the logger, the place in the code, and the kinds and places of an error.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from rag import config

_LOGGER = logging.getLogger("embedding_explorer.events")
_EVENT = "event"
_MOST_PLACES = 20
_DIGITS = 3

Field = str | int | float | bool | None | list[str]


@dataclass(frozen=True, slots=True)
class Started:
    """The app has started."""

    version: str


@dataclass(frozen=True, slots=True)
class IngestFinished:
    """An ingest has ended. `collection` is the id of the collection; the counts are of files, by their outcomes.

    `n_bytes` of all files with an outcome, `chunks` that were stored, `seconds` by the clock; `is_whole` is False if it
    was stopped or failed before the last file.
    """

    collection: str
    added: int
    replaced: int
    unchanged: int
    empty: int
    failed: int
    chunks: int
    n_bytes: int
    seconds: float
    is_whole: bool


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """A question was answered, or could not be: `has_problem`. `collection` is the id of the collection.

    `passages` that the model was given; tokens as the server reports them, None if it does not; seconds of each step, 0
    for one that did not take place; until the first token None if there was none.
    """

    collection: str
    model: str
    passages: int
    prompt_tokens: int | None
    answer_tokens: int | None
    ending: str
    has_problem: bool
    rewriting_seconds: float
    retrieval_seconds: float
    first_token_seconds: float | None
    writing_seconds: float
    citing_seconds: float


Event = Started | IngestFinished | QuestionAnswered
_NAMES: Mapping[type[Event], str] = {
    Started: "started",
    IngestFinished: "ingest finished",
    QuestionAnswered: "question answered",
}


def log_event(event: Event) -> None:
    """Write an event, if `start_log` was called with a format."""
    _LOGGER.info(_NAMES[type(event)], extra={_EVENT: event})


def start_log(form: config.LogFormat, stream: TextIO | None = None) -> logging.Formatter | None:
    """Write events, and warnings of other loggers, from now on; a second call replaces the first.

    Args:
        form: from `config.log_format`.
        stream: instead of standard error.

    Returns:
        The formatter, for loggers with handlers of their own; None if nothing is written.
    """
    for logger in (_LOGGER, logging.getLogger()):
        for handler in [one for one in logger.handlers if isinstance(one, _Handler)]:
            logger.removeHandler(handler)
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.CRITICAL if form == "off" else logging.INFO)
    if form == "off":
        return None
    formatter = EventFormatter(form)
    for logger in (_LOGGER, logging.getLogger()):
        handler = _Handler(stream or sys.stderr)
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    logging.captureWarnings(capture=True)
    return formatter


class _Handler(logging.StreamHandler[TextIO]):
    """The handler of the event log."""


class EventFormatter(logging.Formatter):
    """Writes a record as one line: a JSON object, or "time level event name=value ..."."""

    def __init__(self, form: config.LogFormat) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        event = getattr(record, _EVENT, None)
        fields: dict[str, Field] = _of_event(event) if isinstance(event, Event) else _of_other(record)
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        name = _NAMES[type(event)] if isinstance(event, Event) else "log"
        if self._form == "json":
            head = {"time": time, "level": record.levelname.lower(), "event": name}
            return json.dumps(head | fields, ensure_ascii=False)
        shown = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
        return f"{time} {record.levelname.lower()} {name} {shown}"


def _of_event(event: Event) -> dict[str, Field]:
    return {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in asdict(event).items()}


def _of_other(record: logging.LogRecord) -> dict[str, Field]:
    """What is written of a record of another logger: not its message, nor that of its error."""
    fields: dict[str, Field] = {"logger": record.name, "place": f"{Path(record.pathname).name}:{record.lineno}"}
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return fields
    places = traceback.extract_tb(error.__traceback__)[-_MOST_PLACES:]
    trace = [f"{Path(place.filename).name}:{place.lineno} {place.name}" for place in places]
    return fields | {"error": type(error).__name__, "trace": trace}
