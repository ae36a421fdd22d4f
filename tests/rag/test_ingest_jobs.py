"""Jobs run in the background, one after another; whoever looks sees the same, and every end is told."""

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
from rag.ingest import FileOutcome, Progress, ingest
from rag.ingest_jobs import JobBoard, Work
from rag.store.collection import Collection
from tests.conftest import ReadHere
from tests.support.collections import CHUNKING, long_text, plain_document, put, require_sound
from tests.support.fakes import WordEmbedder

PATIENCE = 30


@pytest.fixture
def board() -> Iterator[JobBoard]:
    board = JobBoard()
    yield board
    board.close()


class StepByStep:
    """A job that goes on when it is told to, and says when it has come to a halt."""

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


def started(board: JobBoard, n_files: int = 3, collection: str = "c", **options) -> tuple[int, StepByStep]:
    steps = StepByStep(n_files)
    job_id = board.start("job", collection, steps.work, n_files=n_files, bytes_total=10 * n_files, **options)
    return job_id, steps


def ingesting(collection: Collection, embedder: WordEmbedder, files: list[SourceFile]) -> Work:
    return lambda report, cancelled: ingest(collection, files, embedder, ReadHere(), report=report, cancelled=cancelled)


def source(name: str, text: str) -> SourceFile:
    return SourceFile(name, name, text.encode, len(text.encode()))


def test_it_runs_in_the_background_and_two_viewers_see_the_same(board):
    job_id, steps = started(board)
    steps.until(2)
    first, second = board.of("c"), board.of("c")
    (view,) = first
    assert [(v.job_id, v.state, v.outcomes, v.bytes_done) for v in first] == [
        (v.job_id, v.state, v.outcomes, v.bytes_done) for v in second
    ]
    assert (view.job_id, view.state, view.is_active, board.is_busy("c")) == (job_id, "running", True, True)
    assert (view.stage, view.name, view.n_files) == ("embedding", "1.txt", 3)
    assert (view.bytes_done, view.bytes_total, view.chunks_embedded) == (20, 30, 10)
    assert [outcome.path for outcome in view.outcomes] == ["0.txt", "1.txt"]
    steps.to_the_end()
    board.close()
    (view,) = board.of("c")
    assert (view.state, view.is_active, view.bytes_done, len(view.outcomes)) == ("done", False, 30, 3)
    assert view.seconds == board.of("c")[0].seconds
    assert (view.error, view.seconds_left, board.is_busy("c")) == ("", None, False)


def test_jobs_of_other_collections_are_not_shown(board):
    _, steps = started(board, collection="other")
    assert (board.of("c"), board.is_busy("c"), board.is_busy("other")) == ([], False, True)
    steps.to_the_end()


def test_a_second_job_on_the_same_collection_waits_for_the_first(board, data_dir):
    words = WordEmbedder()
    collection = Collection.create(data_dir, "c", words.spec, CHUNKING)
    _, steps = started(board, 1)
    steps.until(0)
    board.start("more", "c", ingesting(collection, words, [source("a.txt", "Owls.")]), n_files=1, bytes_total=5)
    newest, oldest = board.of("c")
    assert [(view.title, view.state, view.seconds) for view in (newest,)] == [("more", "waiting", 0.0)]
    assert oldest.state == "running"
    assert collection.documents() == []
    put(collection, words, plain_document("beside.txt", "A document that is stored beside the job."))
    steps.to_the_end()
    board.close()
    assert [view.state for view in board.of("c")] == ["done", "done"]
    assert {document.name for document in collection.documents()} == {"a.txt", "beside.txt"}


def test_cancelling_keeps_what_is_in(board, data_dir):
    words = WordEmbedder()
    collection = Collection.create(data_dir, "c", words.spec, CHUNKING)
    files = [source(f"{i}.txt", long_text(i, 60)) for i in range(100)]
    some_are_in, known = threading.Event(), threading.Event()

    def work(report, cancelled) -> Iterator[FileOutcome]:
        for outcome in ingesting(collection, words, files)(report, cancelled):
            yield outcome
            some_are_in.set()
            assert known.wait(PATIENCE)

    job_id = board.start("job", "c", work, n_files=100, bytes_total=1)
    assert some_are_in.wait(PATIENCE)
    board.cancel(job_id)
    known.set()
    board.close()
    (view,) = board.of("c")
    assert view.state == "cancelled"
    assert 0 < len(view.outcomes) < len(files)
    assert {outcome.path for outcome in view.outcomes} == {document.name for document in collection.documents()}
    require_sound(collection.path)


def test_a_job_that_is_cancelled_while_it_waits_never_runs(board):
    tidied = threading.Event()
    _, first = started(board, 0)
    waiting, second = started(board, 1, tidy_up=tidied.set)
    board.cancel(waiting)
    assert (board.of("c")[0].state, board.of("c")[0].is_active) == ("cancelled", False)
    first.to_the_end()
    board.close()
    assert [view.state for view in board.of("c")] == ["cancelled", "done"]
    assert not second.halted[0].is_set()
    assert tidied.is_set()


def test_cancelling_what_has_ended_or_never_was_does_nothing(board):
    job_id, steps = started(board, 0)
    steps.to_the_end()
    board.close()
    board.cancel(job_id)
    board.cancel(job_id + 7)
    assert [view.state for view in board.of("c")] == ["done"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModelError("The model 'x' cannot be found. Choose another."), "The model 'x' cannot be found"),
        (ZeroDivisionError("division by zero"), "What was stored before is kept"),
        (MemoryError(), "What was stored before is kept"),
    ],
)
def test_an_error_ends_in_a_sentence_and_the_next_job_runs(board, error, sentence):
    tidied = []

    def broken(report, cancelled) -> Iterator[FileOutcome]:
        yield FileOutcome("a.txt", "added", "", 1, 1)
        raise error

    board.start("broken", "c", broken, n_files=2, bytes_total=2, tidy_up=lambda: tidied.append(1))
    _, steps = started(board, 1)
    steps.to_the_end()
    board.close()
    after, view = board.of("c")
    assert (view.state, [outcome.path for outcome in view.outcomes], tidied) == ("failed", ["a.txt"], [1])
    assert sentence in view.error
    assert "division" not in view.error
    assert after.state == "done"


def test_tidying_up_that_fails_is_told(board):
    def stubborn() -> None:
        raise PermissionError("cannot delete")

    _, steps = started(board, 1, tidy_up=stubborn)
    steps.to_the_end()
    board.close()
    assert board.of("c")[0].state == "failed"


def test_old_jobs_are_forgotten_but_none_that_waits():
    board = JobBoard(keep=2)
    ended = [started(board, 0) for _ in range(3)]
    for _, steps in ended:
        steps.to_the_end()
    board.close()
    waiting = [started(board, 0) for _ in range(3)]
    assert [view.job_id for view in board.of("c")] == [job_id for job_id, _ in reversed(waiting)]
    assert waiting[0][0] == ended[-1][0] + 1
    for _, steps in waiting:
        steps.to_the_end()
    board.close()
    assert {view.state for view in board.of("c")} == {"done"}


ENDLESS = """
import signal, threading
from rag.ingest_jobs import JobBoard

# A shell that starts programs in the background has them ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
board, running = JobBoard(), threading.Event()

def endless(report, cancelled):
    running.set()
    cancelled.wait()
    print("cancelled", flush=True)
    yield from ()

def never(report, cancelled):
    print("never", flush=True)
    yield from ()

for work in (endless, never):
    board.start("job", "c", work, n_files=1, bytes_total=1, tidy_up=lambda: print("tidied", flush=True))
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
        said = process.communicate(timeout=PATIENCE)[0].split()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert said == ["interrupted", "cancelled", "tidied", "tidied"]


def test_what_is_embedded_of_a_large_file_counts_as_done(board):
    embedded, goes_on = threading.Event(), threading.Event()

    def work(report, cancelled):
        report(Progress("embedding", "large.txt", 10, 250.0))
        embedded.set()
        goes_on.wait(PATIENCE)
        yield FileOutcome("large.txt", "added", "", 40, 1000)

    board.start("large", "c", work, n_files=1, bytes_total=1000)
    assert embedded.wait(PATIENCE)
    assert board.of("c")[0].bytes_done == 250
    goes_on.set()
    board.close()
    assert board.of("c")[0].bytes_done == 1000
