"""Messages arrive as they were sent; a reply that is anything else is a WireError."""

from __future__ import annotations

import io
import json
import struct

import pytest

from rag.documents.archives import Archive, ArchiveMember, Refusal
from rag.documents.column_roles import ColumnRoles
from rag.documents.readers.table_columns import TableColumn, TableColumns
from rag.documents.sandbox.protocol import (
    Reply,
    Request,
    WireError,
    archive_reply,
    columns_reply,
    document_reply,
    read_archive,
    read_columns,
    read_document,
    receive_reply,
    receive_request,
    send_progress,
    send_reply,
    send_request,
)
from tests.support.collections import rich_documents

COLUMNS = TableColumns(
    (TableColumn("topic", "label", "2 different values"), TableColumn("text", "text", "mean 90 characters")),
    (("A", "long"), ("B", "longer")),
    2,
)
ARCHIVE = Archive(
    (ArchiveMember("a.zip/one.txt", b"one"), ArchiveMember("a.zip/two", bytes(range(256)))),
    (Refusal("a.zip/x", "'x' is too large."),),
)


def through_a_pipe(reply: Reply, max_bytes: int = 1 << 20) -> Reply:
    stream = io.BytesIO()
    send_reply(stream, reply)
    stream.seek(0)
    return receive_reply(stream, max_bytes)


def framed(head: bytes, *blobs: bytes) -> io.BytesIO:
    return io.BytesIO(struct.pack(">Q", len(head)) + head + b"".join(blobs))


def test_requests_arrive():
    stream = io.BytesIO()
    roles = ColumnRoles(("text", "日本"), ("key",), (("year", "label"),))
    requests = [Request("read", "ä.csv", bytes(range(256)), roles), Request("open", "", b"")]
    for request in requests:
        send_request(stream, request)
    stream.seek(0)
    assert [receive_request(stream), receive_request(stream), receive_request(stream)] == [*requests, None]


def test_results_arrive():
    for document in rich_documents():
        assert read_document(through_a_pipe(document_reply(document))) == document
    assert read_columns(through_a_pipe(columns_reply(COLUMNS))) == COLUMNS
    assert read_columns(through_a_pipe(columns_reply(None))) is None
    assert read_archive(through_a_pipe(archive_reply(ARCHIVE))) == ARCHIVE
    assert through_a_pipe(Reply(failure="No.")) == Reply(failure="No.")
    assert through_a_pipe(Reply(out_of_memory=True)).out_of_memory


def test_progress_arrives_before_the_reply():
    stream = io.BytesIO()
    for done in (24, 48, 50):
        send_progress(stream, done, 50)
    send_reply(stream, Reply((b"body",)))
    stream.seek(0)
    known: list[tuple[int, int]] = []
    reply = receive_reply(stream, 1 << 20, lambda done, total: known.append((done, total)))
    assert reply == Reply((b"body",))
    assert known == [(24, 50), (48, 50), (50, 50)]


@pytest.mark.parametrize("steps", [[(0, 5)], [(6, 5)], [(3, 5), (3, 5)], [(3, 5), (2, 5)], [(-1, 5)]])
def test_a_process_that_tells_no_progress_is_not_believed(steps):
    stream = io.BytesIO()
    for done, total in steps:
        send_progress(stream, done, total)
    send_reply(stream, Reply((b"body",)))
    stream.seek(0)
    with pytest.raises(WireError, match="the number of pages is wrong"):
        receive_reply(stream, 1 << 20)


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [below for key, child in children for below in _paths(child, (*path, key))]


@pytest.mark.parametrize("wrong", [None, True, -1, 10**9, 0.5, {"a": 1}, [[1]], "\ud800"])
@pytest.mark.parametrize("document", rich_documents(), ids=lambda document: document.name)
def test_a_wrong_value_anywhere_in_a_document_is_refused(document, wrong):
    body, text = document_reply(document).blobs
    whole = json.loads(body)
    assert len(_paths(whole)) > 9
    for path in _paths(whole):
        changed = json.loads(body)
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = wrong
        with pytest.raises(WireError, match="it is not as agreed: "):
            read_document(Reply((json.dumps(changed).encode(), text)))


@pytest.mark.parametrize("blobs", [(), (b"",), (b"[]", b""), (b"{}", b""), (b"{", b""), (b"[" * 10**5, b"")])
def test_what_is_no_result_is_refused(blobs):
    for read in (read_document, read_columns, read_archive):
        with pytest.raises(WireError, match="it is not as agreed: "):
            read(Reply(blobs))


def test_blobs_that_do_not_fit_the_body_are_refused():
    body, text = document_reply(rich_documents()[0]).blobs
    for blobs in ((body,), (body, text, text), (body, b"\xff"), (body, text[:1])):
        with pytest.raises(WireError, match="it is not as agreed: "):
            read_document(Reply(blobs))
    names, *contents = archive_reply(ARCHIVE).blobs
    for blobs in ((names,), (names, *contents, b"")):
        with pytest.raises(WireError, match="it is not as agreed: "):
            read_archive(Reply(blobs))


@pytest.mark.parametrize(
    "head",
    [
        b"hello", b"[]", b"{}", b'{"failure": "", "out_of_memory": false}',
        b'{"failure": null, "out_of_memory": false, "blobs": []}',
        b'{"failure": "", "out_of_memory": 0, "blobs": []}',
        b'{"failure": "", "out_of_memory": false, "blobs": [-1]}',
        b'{"failure": "", "out_of_memory": false, "blobs": ["1"]}',
        b'{"failure": "", "out_of_memory": false, "blobs": [true]}',
    ],
)  # fmt: skip
def test_a_head_that_is_not_one_is_refused(head):
    with pytest.raises(WireError, match="it is not as agreed: "):
        receive_reply(framed(head, b"1234"), 1 << 20)


def test_lengths_are_limited_and_kept():
    reply = document_reply(rich_documents()[0])
    with pytest.raises(WireError, match="the limit is 700"):
        through_a_pipe(Reply((*reply.blobs, bytes(700))), 700)
    with pytest.raises(WireError, match="the limit is 9"):
        receive_reply(io.BytesIO(b"\xff" * 8), 9)
    stream = io.BytesIO()
    send_reply(stream, reply)
    for size in range(0, len(stream.getvalue()), 7):
        with pytest.raises(WireError, match="it broke off"):
            receive_reply(io.BytesIO(stream.getvalue()[:size]), 1 << 20)
