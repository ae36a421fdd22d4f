"""The reader process: what breaks a limit is ended and named, and the next file is read as if nothing had been."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from rag import config
from rag.documents.archives import open_archive
from rag.documents.column_roles import ColumnRoles
from rag.documents.loading import load_document, table_columns
from rag.documents.sandbox.reader import DocumentReader, ReadLimits
from rag.errors import DocumentError
from tests.support.good_files import SENTENCE, docx, paragraph, pdf, xlsx, zipped

FAULTY = "tests.support.processes.faulty_reader"
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture(scope="module")
def reader():
    with DocumentReader() as reader:
        yield reader


@pytest.fixture(scope="module")
def faulty():
    limits = ReadLimits(seconds=3, clock_factor=40, memory_bytes=400 * 1024**2, output_characters=1000)
    with DocumentReader(limits, module=FAULTY) as reader:
        yield reader


def process_of(reader: DocumentReader) -> subprocess.Popen[bytes]:
    assert reader._process is not None
    return reader._process.popen


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", f"# A\n\n{SENTENCE}\n\n## B\n\nČeši, Ελλάδα, 日本".encode()),
        ("a.csv", b"topic,text\nA," + b"a passage of some length " * 8),
        ("a.pdf", pdf([SENTENCE, "", "third"])),
        ("a.docx", docx(paragraph(SENTENCE))),
        ("empty.txt", b""),
    ],
)
def test_the_process_reads_what_the_function_reads(reader, name, content):
    assert reader.read(name, content) == load_document(name, content)


def test_tables_and_archives_come_whole_through_the_pipe(reader):
    table = xlsx({"S": [["boat", "text"], ["Anna", SENTENCE], ["Bert", SENTENCE * 2]]})
    assert reader.table_columns("t.xlsx", table) == table_columns("t.xlsx", table)
    assert reader.table_columns("t.txt", b"no table") is None
    chosen = reader.read("t.xlsx", table, roles=ColumnRoles(("boat",)))
    assert [row.fields for row in chosen.rows] == [(("text", SENTENCE),), (("text", SENTENCE * 2),)]
    archive = zipped({"one.txt": SENTENCE, "two/../../three.bin": bytes(range(256))})
    assert reader.open_archive("a.zip", archive) == open_archive("a.zip", archive)


def test_a_failure_is_the_same_sentence_and_keeps_the_process(reader):
    reader.read("a.txt", b"text")
    before = process_of(reader).pid
    with pytest.raises(DocumentError) as raised:
        reader.read("a.json", b"{")
    with pytest.raises(DocumentError) as known:
        load_document("a.json", b"{")
    assert str(raised.value) == str(known.value)
    assert process_of(reader).pid == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("spin.txt", "longer than the limit of 3 seconds of CPU time", marks=on_linux),
        pytest.param("eat.txt", "more memory than the limit of 0.391 GiB", marks=on_linux),
        ("crash.txt", "crashed its parser"),
        ("leave.txt", "crashed its parser"),
        ("bug.txt", "KeyError"),
        ("outside.txt", "crashed its parser"),
        ("fill.txt", "File too large"),
        pytest.param("lie.txt", "crashed its parser", marks=on_linux),
        pytest.param("flood.txt", "crashed its parser", marks=on_linux),
    ],
)
def test_what_breaks_a_limit_is_ended_and_the_next_file_is_read(faulty, name, says):
    faulty.read("good.txt", b"before")
    broken = process_of(faulty)
    with pytest.raises(DocumentError, match=says) as raised:
        faulty.read(name, b"content")
    assert name in str(raised.value)
    assert broken.returncode is not None, "the broken process is gone, and has been waited for"
    assert faulty.read("good.txt", b"after").text == "after"


@pytest.mark.slow
def test_a_parser_that_waits_for_ever_is_ended_by_the_clock():
    limits = ReadLimits(seconds=1, clock_factor=4)
    with DocumentReader(limits, module=FAULTY) as reader:
        with pytest.raises(DocumentError, match=r"'sleep.txt' took longer than the limit of 4 seconds to read"):
            reader.read("sleep.txt", b"content")
        assert reader._process is None


@pytest.mark.slow
def test_a_long_pdf_has_more_time_and_tells_how_far_it_is():
    limits = ReadLimits(seconds=60, seconds_per_page=0.5, clock_factor=10)
    assert limits.cpu_seconds(213) == 60 + 106.5
    assert limits.clock_seconds(213) == 10 * limits.cpu_seconds(213)
    assert limits.cpu_seconds(10**9) == limits.cpu_seconds(20_000), "a process cannot ask for any time"
    steps: list[tuple[int, int]] = []
    long = pdf([f"The boat has number {number}." for number in range(60)])
    with DocumentReader(limits) as reader:
        document = reader.read("long.pdf", long, on_progress=lambda done, total: steps.append((done, total)))
    assert len(document.pages) == 60
    assert [total for _, total in steps] == [60] * len(steps)
    assert sorted({done for done, _ in steps}) == [done for done, _ in steps]
    assert steps[0][0] < steps[-1][0] == 60


@pytest.mark.slow
@on_linux
def test_a_pdf_that_takes_longer_than_its_pages_allow_is_ended_with_its_own_limit():
    limits = ReadLimits(seconds=3, seconds_per_page=0.5, clock_factor=40)
    with DocumentReader(limits, module=FAULTY) as reader:
        with pytest.raises(DocumentError, match="longer than the limit of 8 seconds of CPU time"):
            reader.read("pages.txt", b"content")
        assert reader.read("good.txt", b"after").text == "after"


def test_noise_of_the_parser_goes_nowhere(faulty, capfd):
    assert faulty.read("print.txt", b"read").text == "read"
    assert faulty.read("shout.txt", b"read").text == "read"
    assert capfd.readouterr() == ("", "")


def test_a_name_with_half_a_character_is_made_whole(reader):
    assert reader.read("a\ud800.txt", SENTENCE.encode()).name == "a\ufffd.txt"


def test_too_much_text_is_refused(faulty):
    with pytest.raises(DocumentError, match=r"'long.txt' has 1,001 characters of text; the limit is 1,000"):
        faulty.read("long.txt", b"x" * 1001)


def test_too_large_a_file_is_not_even_sent():
    reader = DocumentReader()
    with pytest.raises(DocumentError, match="the limit is 209,715,200"):
        reader.read("huge.txt", bytes(209_715_201))
    assert reader._process is None


def test_the_parser_sees_no_secret(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with DocumentReader(module=FAULTY) as reader:
        seen = reader.read("environment.txt", b"").text
    assert os.environ["PATH"] in seen
    assert "secret" not in seen


def test_the_parser_reaches_no_server_not_even_on_this_machine(faulty):
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux can cut a process off from the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        with pytest.raises(DocumentError, match=r"unreachable|Permission denied"):
            faulty.read("connect.txt", str(server.getsockname()[1]).encode())
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_parser_reads_no_other_file(faulty, tmp_path):
    version = ctypes.CDLL(None).syscall(444, None, 0, 1) if sys.platform.startswith("linux") else 0
    if version < 1:
        pytest.skip("this system has no Landlock")
    secret = tmp_path / "secret.txt"
    secret.write_text("a key")
    for path in (secret, config.ROOT / "README.md", Path.home() / ".bashrc", Path(f"/proc/{os.getpid()}/environ")):
        with pytest.raises(DocumentError, match=r"PermissionError|FileNotFoundError"):
            faulty.read("peek.txt", str(path).encode())
    assert faulty.read("good.txt", b"after").text == "after"


def test_what_the_parser_leaves_in_temporary_files_goes_with_it():
    with DocumentReader(module=FAULTY) as reader:
        left = Path(reader.read("litter.txt", b"").text)
        assert left.exists()
    assert not left.exists()
    assert not left.parent.exists()


def test_close_leaves_nothing_behind_and_reading_starts_again():
    reader = DocumentReader()
    reader.read("a.txt", b"text")
    first = process_of(reader)
    reader.close()
    assert first.returncode is not None
    assert reader.read("b.txt", b"text").text == "text"
    second = process_of(reader)
    del reader
    gc.collect()
    assert second.returncode is not None, "a forgotten reader ends its process"


def test_threads_with_readers_of_their_own_do_not_meet():
    results: dict[int, list[str]] = {}

    def read(number: int) -> None:
        with DocumentReader() as reader:
            results[number] = [reader.read("a.txt", f"{number}-{turn}".encode()).text for turn in range(20)]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [f"{number}-{turn}" for turn in range(20)] for number in range(3)}


@pytest.mark.slow
@on_linux
@pytest.mark.parametrize("name", ["idle.txt", "sleep.txt"])
def test_the_process_dies_with_the_app(name):
    app = textwrap.dedent(
        f"""
        import sys, threading
        from rag.documents.sandbox.reader import DocumentReader
        reader = DocumentReader(module={FAULTY!r})
        reader.read("good.txt", b"")
        print(reader._process.popen.pid, flush=True)
        reader.read({name!r}, b"")
        sys.stdin.read()
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", app], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=config.ROOT
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ended = time.monotonic() + 5
    while is_running(child) and time.monotonic() < ended:
        os.sched_yield()
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
