"""The event log: one line for each event, with figures, and never a message of another program's record."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import fields

import pytest

from rag import config
from rag.errors import ExplorerError
from rag.ingest.outcomes import FileOutcome, logged
from rag.runtime.background import TaskBoard
from rag.runtime.events import EventFormatter, IngestFinished, QuestionAnswered, Started, log_event, start_log

SECRET = "wombat"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written as JSON."""
    stream = io.StringIO()
    start_log("json", stream)
    yield stream
    start_log("off")
    logging.captureWarnings(capture=False)


def lines(log: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def outcomes() -> Iterator[FileOutcome]:
    yield FileOutcome(f"{SECRET}.txt", "added", "", 3, 100)
    yield FileOutcome("b.txt", "replaced", "", 2, 50)
    yield FileOutcome("c.txt", "unchanged", "", 9, 10)
    yield FileOutcome("d.txt", "failed", f"'{SECRET}.txt' is damaged.", 0, 1)


def test_an_ingest_is_one_line_with_its_figures(log: io.StringIO):
    assert len(list(logged("uid-1", outcomes(), 4))) == 4
    (line,) = lines(log)
    assert (line.pop("time")[10], line.pop("seconds") >= 0) == ("T", True)
    assert line == {
        "level": "info", "event": "ingest finished", "collection": "uid-1", "added": 1, "replaced": 1, "unchanged": 1,
        "empty": 0, "failed": 1, "chunks": 5, "n_bytes": 161, "is_whole": True,
    }  # fmt: skip


def test_an_ingest_that_is_broken_off_says_so(log: io.StringIO):
    made = logged("uid-1", outcomes(), 4)
    next(made)
    made.close()
    assert [(line["added"], line["is_whole"]) for line in lines(log)] == [(1, False)]


def test_a_fault_in_the_background_is_written_without_its_texts(log: io.StringIO):
    def fails(report) -> None:
        raise ValueError(f"'{SECRET}' is no number")

    board = TaskBoard()
    board.start("key", f"{SECRET}.txt", fails)
    board.wait("key")
    (line,) = lines(log)
    assert (line["event"], line["level"], line["logger"], line["error"]) == (
        "log", "error", "rag.runtime.background", "ValueError",
    )  # fmt: skip
    assert line["trace"][-1].endswith(" fails")
    assert SECRET not in log.getvalue()


def test_warnings_and_other_loggers_are_written_without_their_messages(log: io.StringIO):
    logging.getLogger("some.library").warning("cannot read %s", SECRET)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"odd: {SECRET}", UserWarning, stacklevel=1)
    assert [line["logger"] for line in lines(log)] == ["some.library", "py.warnings"]
    assert SECRET not in log.getvalue()


def test_text_has_the_same_fields_as_json():
    stream = io.StringIO()
    start_log("text", stream)
    log_event(Started("1.2.3"))
    start_log("off")
    log_event(Started("1.2.3"))
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(' info started version="1.2.3"')


def test_no_event_has_a_field_for_a_text():
    """A field of text is an id, the name of a model, a version or one of a few words."""
    allowed = {"collection", "model", "version", "ending"}
    for event in (Started, IngestFinished, QuestionAnswered):
        assert {field.name for field in fields(event) if "str" in field.type} <= allowed


def test_the_setting_decides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EXPLORER_LOG", raising=False)
    assert (config.log_format(), start_log(config.log_format())) == ("off", None)
    monkeypatch.setenv("EXPLORER_LOG", "JSON")
    assert config.log_format() == "json"
    monkeypatch.setenv("EXPLORER_LOG", "xml")
    with pytest.raises(ExplorerError, match=r"EXPLORER_LOG is 'xml'\. Set it to off, text or json"):
        config.log_format()
    assert isinstance(EventFormatter("text"), logging.Formatter)
