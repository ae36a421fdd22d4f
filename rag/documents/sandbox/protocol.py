"""What the reader process and the app say to each other: JSON and plain bytes, checked on arrival, never pickle."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Literal, TypeVar

from rag.documents.archives import Archive, ArchiveMember, Refusal
from rag.documents.readers.tables import TableColumns
from rag.types import Document, Fields, Heading, Row

Task = Literal["read", "columns", "open"]
T = TypeVar("T")
_LENGTH = struct.Struct(">Q")


class WireError(Exception):
    """The other side broke off, or sent what it should not have."""


@dataclass(frozen=True, slots=True)
class Request:
    """A file to be read, or asked about."""

    task: Task
    name: str
    content: bytes
    text_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of it: `body` where `failure` is empty, and the bytes that go with it."""

    body: object = None
    blobs: tuple[bytes, ...] = ()
    failure: str = ""
    out_of_memory: bool = False


def send_request(stream: IO[bytes], request: Request) -> None:
    """Write a request. Raises OSError where nobody reads it."""
    head = {"task": request.task, "name": request.name, "text_columns": request.text_columns}
    _send(stream, head, (request.content,))


def receive_request(stream: IO[bytes]) -> Request | None:
    """The next request; None where the app is gone."""
    try:
        head, blobs = _receive(stream, 1 << 40)
    except WireError:
        return None
    found = _object(head)
    return Request(_task(found["task"]), _text(found["name"]), blobs[0], _texts(found["text_columns"]))


def send_reply(stream: IO[bytes], reply: Reply) -> None:
    """Write a reply."""
    head = {"body": reply.body, "failure": reply.failure, "out_of_memory": reply.out_of_memory}
    _send(stream, head, reply.blobs)


def receive_reply(stream: IO[bytes], max_bytes: int) -> Reply:
    """The reply to the last request.

    Raises:
        WireError: the reader broke off, sent more than `max_bytes`, or sent nonsense.
    """
    head, blobs = _receive(stream, max_bytes)
    found = _checked(_object, head)
    return Reply(
        found.get("body"),
        blobs,
        _checked(_text, found.get("failure")),
        found.get("out_of_memory") is True,
    )


def _send(stream: IO[bytes], head: object, blobs: Sequence[bytes]) -> None:
    encoded = json.dumps({"head": head, "blobs": [len(blob) for blob in blobs]}).encode("ascii")
    stream.write(_LENGTH.pack(len(encoded)))
    stream.write(encoded)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def _receive(stream: IO[bytes], max_bytes: int) -> tuple[object, tuple[bytes, ...]]:
    length = _LENGTH.unpack(_read(stream, _LENGTH.size))[0]
    if length > max_bytes:
        raise WireError(f"{length:,} bytes came; at most {max_bytes:,} are taken")
    encoded = _read(stream, length)
    try:
        message = _object(json.loads(encoded))
        lengths = [_number(size) for size in _list(message["blobs"])]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError(f"it is not readable: {error}") from error
    if sum(lengths) + length > max_bytes:
        raise WireError(f"{sum(lengths):,} bytes came; at most {max_bytes:,} are taken")
    return message["head"], tuple(_read(stream, size) for size in lengths)


def _read(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise WireError("it broke off")
    return content


def document_reply(document: Document) -> Reply:
    """A document as a reply; its text travels as bytes beside the JSON."""
    body = {
        "document_id": document.document_id,
        "name": document.name,
        "media_type": document.media_type,
        "sha256": document.sha256,
        "pages": document.pages,
        "headings": [[heading.start, heading.path] for heading in document.headings],
        "rows": [[row.start, row.end, row.fields] for row in document.rows],
        "language": document.language,
        "notes": document.notes,
    }
    return Reply(body, (document.text.encode("utf-8"),))


def read_document(reply: Reply) -> Document:
    """The document of a reply, every field of the right type and every offset within its text.

    Raises:
        WireError: anything is not.
    """
    return _checked(_document, reply)


def _document(reply: Reply) -> Document:
    body = _object(reply.body)
    text = reply.blobs[0].decode("utf-8")

    def place(value: object) -> int:
        offset = _number(value)
        if offset > len(text):
            raise ValueError("an offset lies outside the text")
        return offset

    def row(value: object) -> Row:
        start, end, fields = _list(value)
        return Row(place(start), place(end), _fields(fields))

    def heading(value: object) -> Heading:
        start, path = _list(value)
        return Heading(place(start), _text(path))

    return Document(
        document_id=_text(body["document_id"]),
        name=_text(body["name"]),
        media_type=_text(body["media_type"]),
        text=text,
        sha256=_text(body["sha256"]),
        pages=tuple(map(place, _list(body["pages"]))),
        headings=tuple(map(heading, _list(body["headings"]))),
        rows=tuple(map(row, _list(body["rows"]))),
        language=_text(body["language"]),
        notes=_texts(body["notes"]),
    )


def columns_reply(columns: TableColumns | None) -> Reply:
    """A table's columns as a reply."""
    if columns is None:
        return Reply()
    return Reply([columns.names, columns.guessed, columns.samples, columns.n_rows])


def read_columns(reply: Reply) -> TableColumns | None:
    """The columns of a reply. Raises WireError where it holds none."""
    return _checked(_columns, reply)


def _columns(reply: Reply) -> TableColumns | None:
    if reply.body is None:
        return None
    names, guessed, samples, n_rows = _list(reply.body)
    return TableColumns(_texts(names), _texts(guessed), tuple(map(_texts, _list(samples))), _number(n_rows))


def archive_reply(archive: Archive) -> Reply:
    """An archive's members and refusals as a reply."""
    refused = [[refusal.name, refusal.reason] for refusal in archive.refused]
    body = {"names": [member.name for member in archive.members], "refused": refused}
    return Reply(body, tuple(member.content for member in archive.members))


def read_archive(reply: Reply) -> Archive:
    """The archive of a reply. Raises WireError where it holds none."""
    return _checked(_archive, reply)


def _archive(reply: Reply) -> Archive:
    body = _object(reply.body)
    members = zip(_texts(body["names"]), reply.blobs, strict=True)
    refused = [_texts(refusal) for refusal in _list(body["refused"])]
    return Archive(
        tuple(ArchiveMember(name, content) for name, content in members),
        tuple(Refusal(name, reason) for name, reason in refused),
    )


def _checked(read: Callable[[object], T] | Callable[[Reply], T], value: object) -> T:
    try:
        return read(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise WireError(f"it is not as agreed: {error}") from error


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a number from 0 was expected")
    return value


def _fields(value: object) -> Fields:
    pairs = [_texts(pair) for pair in _list(value)]
    return tuple((name, text) for name, text in pairs)


def _task(value: object) -> Task:
    for task in ("read", "columns", "open"):
        if value == task:
            return task
    raise ValueError(f"no such task: {value}")
