"""Ingest jobs: run in the background one after another, visible to all tabs, cancelled without loss."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from rag import config
from rag.documents.sources import SourceFile
from rag.errors import ModelError
from rag.ingest.jobs import IngestJobs, JobView, Work
from rag.ingest.outcomes import FileOutcome, Progress
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from tests.conftest import ReadHere
from tests.support.collections import CHUNKING, long_text, plain_document, put, require_sound
from tests.support.fakes import WordEmbedder

PATIENCE = 30


@pytest.fixture
def jobs() -> Iterator[IngestJobs]:
    jobs = IngestJobs()
    yield jobs
    ended(jobs)


def ended(jobs: IngestJobs, collection: str = "c") -> list[JobView]:
    """The jobs of a collection, newest first, when all have ended."""
    for job in jobs.of(collection):
        jobs.wait(job.task.key)
    return jobs.of(collection)


class StepByStep:
    """A job that halts before each file until the test lets it go on."""

    def __init__(self, n_files: int) -> None:
        self.halted = [threading.Event() for _ in range(n_files + 1)]
        self.goes_on = [threading.Event() for _ in range(n_files + 1)]
        self.closed = threading.Event()

    def work(self, report, cancelled) -> Iterator[FileOutcome]:
        try:
            for i, (halted, goes_on) in enumerate(zip(self.halted, self.goes_on, strict=True)):
                halted.set()
                assert goes_on.wait(PATIENCE)
                if cancelled.is_set() or i + 1 == len(self.halted):
                    return
                report(Progress("embedding", f"{i}.txt", 5))
                yield FileOutcome(f"{i}.txt", "added", "", 5, 10)
        finally:
            self.closed.set()

    def until(self, i: int) -> None:
        """Let it go on to its halt number `i`."""
        for goes_on in self.goes_on[:i]:
            goes_on.set()
        assert self.halted[i].wait(PATIENCE)

    def to_the_end(self) -> None:
        for goes_on in self.goes_on:
            goes_on.set()


def started(jobs: IngestJobs, n_files: int = 3, collection: str = "c", **options) -> tuple[str, StepByStep]:
    steps = StepByStep(n_files)
    key = jobs.start("job", collection, steps.work, n_files=n_files, bytes_total=10 * n_files, **options)
    return key, steps


def ingesting(collection: Collection, embedder: WordEmbedder, files: list[SourceFile]) -> Work:
    return lambda report, cancelled: ingest(collection, files, embedder, ReadHere(), report=report, cancelled=cancelled)


def source(name: str, text: str) -> SourceFile:
    return SourceFile(name, name, text.encode, len(text.encode()))


def test_it_runs_in_the_background_and_two_viewers_see_the_same(jobs):
    key, steps = started(jobs)
    steps.until(2)
    (view,), (second,) = jobs.of("c"), jobs.of("c")
    assert (view.task.key, view.outcomes, view.bytes_done) == (second.task.key, second.outcomes, second.bytes_done)
    assert (view.task.key, view.task.state, view.task.is_active, jobs.is_busy("c")) == (key, "running", True, True)
    assert (view.stage, view.name, view.n_files) == ("embedding", "1.txt", 3)
    assert (view.bytes_done, view.bytes_total, view.chunks_embedded) == (20, 30, 10)
    assert [outcome.path for outcome in view.outcomes] == ["0.txt", "1.txt"]
    steps.to_the_end()
    (view,) = ended(jobs)
    assert (view.task.state, view.task.is_active, view.bytes_done, len(view.outcomes)) == ("done", False, 30, 3)
    assert view.task.seconds == jobs.of("c")[0].task.seconds
    assert (view.task.error, view.task.seconds_left, jobs.is_busy("c")) == ("", None, False)


def test_the_share_and_the_time_left_follow_from_the_bytes(jobs, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("rag.runtime.background.time.monotonic", lambda: now)
    _, steps = started(jobs, 4)
    steps.until(1)
    now = 1030.0
    (view,) = jobs.of("c")
    assert (view.task.share, view.task.seconds, view.task.seconds_left) == (0.25, 30.0, 90.0)
    steps.to_the_end()


def test_jobs_of_other_collections_are_not_shown(jobs):
    _, steps = started(jobs, collection="other")
    assert (jobs.of("c"), jobs.is_busy("c"), jobs.is_busy("other")) == ([], False, True)
    steps.to_the_end()
    ended(jobs, "other")


def test_a_second_job_on_the_same_collection_waits_for_the_first(jobs, data_dir):
    words = WordEmbedder()
    collection = Collection.create(data_dir, "c", words.spec, CHUNKING)
    _, steps = started(jobs, 1)
    steps.until(0)
    jobs.start("more", "c", ingesting(collection, words, [source("a.txt", "Owls.")]), n_files=1, bytes_total=5)
    newest, oldest = jobs.of("c")
    assert (newest.task.title, newest.task.state, newest.task.seconds) == ("more", "waiting", 0.0)
    assert oldest.task.state == "running"
    assert collection.documents() == []
    put(collection, words, plain_document("other.txt", "A document that is stored during the job."))
    steps.to_the_end()
    assert [view.task.state for view in ended(jobs)] == ["done", "done"]
    assert {document.name for document in collection.documents()} == {"a.txt", "other.txt"}


def test_cancelling_keeps_what_was_stored(jobs, data_dir):
    words = WordEmbedder()
    collection = Collection.create(data_dir, "c", words.spec, CHUNKING)
    files = [source(f"{i}.txt", long_text(i, 60)) for i in range(100)]
    some_are_stored, cancel_requested = threading.Event(), threading.Event()

    def work(report, cancelled) -> Iterator[FileOutcome]:
        for outcome in ingesting(collection, words, files)(report, cancelled):
            yield outcome
            some_are_stored.set()
            assert cancel_requested.wait(PATIENCE)

    key = jobs.start("job", "c", work, n_files=100, bytes_total=1)
    assert some_are_stored.wait(PATIENCE)
    jobs.cancel(key)
    cancel_requested.set()
    (view,) = ended(jobs)
    assert view.task.state == "stopped"
    assert 0 < len(view.outcomes) < len(files)
    assert {outcome.path for outcome in view.outcomes} == {document.name for document in collection.documents()}
    require_sound(collection.path)


def test_a_job_that_is_cancelled_while_it_waits_never_runs(jobs):
    tidied = threading.Event()
    _, first = started(jobs, 0)
    waiting, second = started(jobs, 1, tidy_up=tidied.set)
    jobs.cancel(waiting)
    assert (jobs.of("c")[0].task.state, jobs.of("c")[0].task.is_active) == ("stopped", False)
    first.to_the_end()
    assert [view.task.state for view in ended(jobs)] == ["stopped", "done"]
    assert tidied.wait(PATIENCE)
    assert not second.halted[0].is_set()


def test_cancelling_what_has_ended_or_never_was_does_nothing(jobs):
    key, steps = started(jobs, 0)
    steps.to_the_end()
    jobs.wait(key)
    jobs.cancel(key)
    jobs.cancel("unknown")
    assert [view.task.state for view in jobs.of("c")] == ["done"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModelError("The model 'x' cannot be found. Choose another."), "The model 'x' cannot be found"),
        (ZeroDivisionError("division by zero"), "Stored data is unchanged"),
        (MemoryError(), "Stored data is unchanged"),
    ],
)
def test_an_error_ends_in_a_sentence_and_the_next_job_runs(jobs, error, sentence):
    tidied = []

    def broken(report, cancelled) -> Iterator[FileOutcome]:
        yield FileOutcome("a.txt", "added", "", 1, 1)
        raise error

    jobs.start("broken", "c", broken, n_files=2, bytes_total=2, tidy_up=lambda: tidied.append(1))
    _, steps = started(jobs, 1)
    steps.to_the_end()
    after, view = ended(jobs)
    assert (view.task.state, [outcome.path for outcome in view.outcomes], tidied) == ("failed", ["a.txt"], [1])
    assert sentence in view.task.error
    assert "division" not in view.task.error
    assert after.task.state == "done"


def test_tidying_up_that_fails_makes_the_job_fail(jobs):
    def stubborn() -> None:
        raise PermissionError("cannot delete")

    _, steps = started(jobs, 1, tidy_up=stubborn)
    steps.to_the_end()
    assert ended(jobs)[0].task.state == "failed"


def test_only_the_newest_of_the_ended_jobs_are_kept_and_all_that_wait():
    jobs = IngestJobs(keep=2)
    first = [started(jobs, 0) for _ in range(3)]
    for _, steps in first:
        steps.to_the_end()
    ended(jobs)
    waiting = [started(jobs, 0) for _ in range(3)]
    kept = [key for key, _ in (*first[1:], *waiting)]
    assert [view.task.key for view in jobs.of("c")] == kept[::-1]
    assert len({*kept, first[0][0]}) == 6
    for _, steps in waiting:
        steps.to_the_end()
    assert {view.task.state for view in ended(jobs)} == {"done"}


ENDLESS = """
import signal, threading
from rag.ingest.jobs import IngestJobs

# A shell that starts programs in the background has them ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
jobs, running = IngestJobs(), threading.Event()

def endless(report, cancelled):
    running.set()
    cancelled.wait()
    print("cancelled", flush=True)
    yield from ()

def never(report, cancelled):
    print("never", flush=True)
    yield from ()

for work in (endless, never):
    jobs.start("job", "c", work, n_files=1, bytes_total=1, tidy_up=lambda: print("tidied", flush=True))
try:
    running.wait()
    print("waiting", flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_jobs_end_with_the_program():
    process = subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, text=True, cwd=config.ROOT)
    try:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=PATIENCE)[0].split()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert printed == ["interrupted", "cancelled", "tidied", "tidied"]


def test_what_is_embedded_of_a_large_file_counts_as_done(jobs):
    embedded, goes_on = threading.Event(), threading.Event()

    def work(report, cancelled):
        report(Progress("embedding", "large.txt", 10, 250.0))
        embedded.set()
        goes_on.wait(PATIENCE)
        yield FileOutcome("large.txt", "added", "", 40, 1000)

    jobs.start("large", "c", work, n_files=1, bytes_total=1000)
    assert embedded.wait(PATIENCE)
    assert jobs.of("c")[0].bytes_done == 250
    goes_on.set()
    assert ended(jobs)[0].bytes_done == 1000


def test_the_pages_of_a_large_pdf_are_told_while_it_is_read_and_another_file_is_stored(jobs):
    at, goes_on = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]

    def work(report, cancelled):
        report(Progress("reading", "report.pdf", pages=(24, 213)))
        at[0].set()
        goes_on[0].wait(PATIENCE)
        report(Progress("storing", "small.txt"))
        report(Progress("reading", "report.pdf", pages=(48, 213)))
        yield FileOutcome("small.txt", "added", "", 1, 10)
        at[1].set()
        goes_on[1].wait(PATIENCE)
        yield FileOutcome("report.pdf", "added", "", 40, 1000)

    jobs.start("reading", "c", work, n_files=2, bytes_total=1010)
    for number, pages in enumerate([(24, 213), (48, 213)]):
        assert at[number].wait(PATIENCE)
        (view,) = jobs.of("c")
        assert (view.stage, view.name, view.pages) == ("reading", "report.pdf", pages)
        goes_on[number].set()
    ended(jobs)
