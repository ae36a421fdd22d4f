"""Limits for each person: how many questions are answered at once, and how much is uploaded at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rag import config
from rag.access.person import OWNER_OF_ALL, Person, acting_as
from rag.answer import Progress
from rag.conversations.live import LiveTurn, LiveTurns
from rag.errors import AccessError, ExplorerError
from rag.ingest.jobs import IngestJobs
from rag.settings import SavedSettings, save_settings

ANNA, BEN = Person("editor", "anna"), Person("editor", "ben")
MB = 1024 * 1024


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """Ends all answers and jobs of a test."""
    event = threading.Event()
    yield event
    event.set()


def question(person: Person, end: threading.Event) -> LiveTurn:
    """A question whose answer takes until the end."""

    def answer(stop: threading.Event) -> Iterator[Progress]:
        end.wait(60)
        yield "Late."

    with acting_as(person):
        return LiveTurn("Where do owls live?", {"": answer}, lambda answers: "")


def test_two_questions_of_a_person_are_answered_at_once(end, monkeypatch):
    monkeypatch.delenv("EXPLORER_QUESTIONS_AT_ONCE", raising=False)
    live = LiveTurns()
    first = question(ANNA, end)
    assert live.start("a1", first)
    assert live.start("a2", question(ANNA, end))
    with pytest.raises(AccessError, match="2 of your questions are being answered"):
        live.start("a3", question(ANNA, end))
    assert live.of("a3") is None
    assert live.start("b1", question(BEN, end))
    end.set()
    version = 0
    while not first.is_over:
        version = first.wait(version, 10)
    assert live.start("a1", question(ANNA, end))


def test_on_ones_own_machine_there_is_no_limit(end):
    live = LiveTurns()
    assert all(live.start(f"{number}", question(OWNER_OF_ALL, end)) for number in range(5))
    live.require_few()


def test_the_number_is_set_by_the_environment(end, monkeypatch):
    monkeypatch.setenv("EXPLORER_QUESTIONS_AT_ONCE", "1")
    live = LiveTurns()
    live.start("a1", question(ANNA, end))
    with acting_as(ANNA), pytest.raises(AccessError, match="1 of your questions are being"):
        live.require_few()
    with acting_as(BEN):
        live.require_few()
    monkeypatch.setenv("EXPLORER_QUESTIONS_AT_ONCE", "0")
    with pytest.raises(ExplorerError, match="EXPLORER_QUESTIONS_AT_ONCE is '0'"):
        config.questions_at_once()


def add(jobs: IngestJobs, person: Person, n_bytes: int, end: threading.Event) -> str:
    def work(report, cancelled):
        end.wait(60)
        return iter(())

    with acting_as(person):
        return jobs.start("Adding", "uid", work, n_files=1, bytes_total=n_bytes)


def test_a_person_adds_only_so_much_at_a_time(end, monkeypatch):
    monkeypatch.setenv("EXPLORER_UPLOAD_MB", "10")
    jobs = IngestJobs()
    first = add(jobs, ANNA, 6 * MB, end)
    with pytest.raises(AccessError, match=r"have 5\.0 MB, with 6\.0 MB that are being added, .* at most 10 MB"):
        add(jobs, ANNA, 5 * MB, end)
    add(jobs, ANNA, 4 * MB, end)
    add(jobs, BEN, 10 * MB, end)
    end.set()
    jobs.wait(first)
    add(jobs, ANNA, 5 * MB, end)


def test_without_the_setting_only_the_upload_field_limits(end, monkeypatch):
    monkeypatch.delenv("EXPLORER_UPLOAD_MB", raising=False)
    add(IngestJobs(), ANNA, 10_000 * MB, end)
    assert config.upload_bytes() is None


def test_fixed_servers_are_those_of_the_environment(data_dir, monkeypatch):
    save_settings(data_dir, SavedSettings("http://saved:1", "http://saved:2/v1"))
    monkeypatch.setenv("OLLAMA_HOST", "http://given:1")
    monkeypatch.delenv("EXPLORER_OPENAI_URL", raising=False)
    assert (config.ollama_host(), config.openai_url()) == ("http://saved:1", "http://saved:2/v1")
    monkeypatch.setenv("EXPLORER_FIXED_SERVERS", "1")
    assert (config.ollama_host(), config.openai_url()) == ("http://given:1", "")
    monkeypatch.setenv("EXPLORER_FIXED_SERVERS", "yes")
    with pytest.raises(ExplorerError, match=r"EXPLORER_FIXED_SERVERS is 'yes'. Set it to 1"):
        config.ollama_host()
