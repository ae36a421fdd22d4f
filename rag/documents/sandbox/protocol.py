"""Messages between the app and the reader process: JSON and plain bytes, checked on arrival, never pickle.

A message is the length of its head, the head as JSON, and the blobs whose lengths the head lists. The reader process
handles hostile files, so pydantic checks every type that it sends.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import IO, TYPE_CHECKING, Literal, TypeVar

from rag.documents.archives import Archive, ArchiveMember, Refusal
from rag.documents.column_roles import GUESSED, ColumnRoles, Role
from rag.documents.readers.table_columns import TableColumns
from rag.errors import first_problem
from rag.types import Document

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Task = Literal["read", "columns", "open"]
T = TypeVar("T")
_LENGTH = struct.Struct(">Q")


class WireError(Exception):
    """The other process stopped in the middle of a message, or sent an invalid one."""


@dataclass(frozen=True, slots=True)
class Request:
    """A file, and the task: to return its document, its table columns, or the files of the archive."""

    task: Task
    name: str
    content: bytes
    roles: ColumnRoles = GUESSED


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a request: `blobs`, of which the first is JSON, or the reason why there is none.

    `failure` is a sentence for the user; `out_of_memory` means that the reader process reached its limit.
    """

    blobs: tuple[bytes, ...] = ()
    failure: str = ""
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True)
class _ReplyHead:
    """The head of a reply; `blobs` are lengths in bytes.

    With `progress`, pages read and all pages, it says how far the reader has come, and the reply is still to come.
    """

    failure: str
    out_of_memory: bool
    blobs: tuple[int, ...]
    progress: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _ArchiveBody:
    """An archive without the bytes of its members."""

    names: tuple[str, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class _Adapters:
    head: TypeAdapter[_ReplyHead]
    document: TypeAdapter[Document]
    columns: TypeAdapter[TableColumns | None]
    archive: TypeAdapter[_ArchiveBody]


@cache
def _adapters() -> _Adapters:
    # Only the app checks messages: the reader process starts without pydantic.
    from pydantic import TypeAdapter

    return _Adapters(
        head=TypeAdapter(_ReplyHead),
        document=TypeAdapter(Document),
        columns=TypeAdapter(TableColumns | None),
        archive=TypeAdapter(_ArchiveBody),
    )


def send_request(stream: IO[bytes], request: Request) -> None:
    """Write a request. Raises OSError if the reader process has ended."""
    head = {"task": request.task, "name": request.name, "roles": asdict(request.roles)}
    _send(stream, head, (request.content,))


def receive_request(stream: IO[bytes]) -> Request | None:
    """The next request, from the app, which is trusted; None if the app has ended."""
    try:
        head = json.loads(_receive_head(stream, 1 << 40))
        (length,) = head["blobs"]
        return Request(head["task"], head["name"], _read(stream, length), _Roles(**head["roles"]).as_sent())
    except WireError:
        return None


@dataclass(frozen=True, slots=True)
class _Roles:
    """The roles of a request, as JSON keeps them."""

    text: list[str] | None
    ignored: list[str]
    labels: list[tuple[str, Role]]

    def as_sent(self) -> ColumnRoles:
        text = None if self.text is None else tuple(self.text)
        return ColumnRoles(text, tuple(self.ignored), tuple((column, role) for column, role in self.labels))


def send_reply(stream: IO[bytes], reply: Reply) -> None:
    """Write a reply."""
    _send(stream, {"failure": reply.failure, "out_of_memory": reply.out_of_memory}, reply.blobs)


def send_progress(stream: IO[bytes], done: int, total: int) -> None:
    """Tell how many of `total` pages were read, before the reply."""
    _send(stream, {"failure": "", "out_of_memory": False, "progress": (done, total)}, ())


def receive_reply(
    stream: IO[bytes], max_bytes: int, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Reply:
    """The reply to the last request.

    Args:
        on_progress: called with the number of pages read and of all pages, as often as the reader process tells it.

    Raises:
        WireError: the reader process stopped, sent more than `max_bytes`, or sent an invalid message.
    """
    encoded = _receive_head(stream, max_bytes)
    head = _checked(_adapters().head, encoded)
    reached = 0
    while head.progress is not None:
        done, total = head.progress
        if not reached < done <= total or head.blobs:
            raise WireError("it is not as agreed: the number of pages is wrong")
        reached = done
        on_progress(done, total)
        encoded = _receive_head(stream, max_bytes)
        head = _checked(_adapters().head, encoded)
    if min(head.blobs, default=0) < 0:
        raise WireError("it is not as agreed: a length is negative")
    if sum(head.blobs) + len(encoded) > max_bytes:
        raise WireError(f"{sum(head.blobs):,} bytes came; the limit is {max_bytes:,}")
    return Reply(tuple(_read(stream, length) for length in head.blobs), head.failure, head.out_of_memory)


def _send(stream: IO[bytes], head: Mapping[str, object], blobs: Sequence[bytes]) -> None:
    encoded = _json({**head, "blobs": [len(blob) for blob in blobs]})
    stream.write(_LENGTH.pack(len(encoded)))
    stream.write(encoded)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def _receive_head(stream: IO[bytes], max_bytes: int) -> bytes:
    length = _LENGTH.unpack(_read(stream, _LENGTH.size))[0]
    if length > max_bytes:
        raise WireError(f"{length:,} bytes came; the limit is {max_bytes:,}")
    return _read(stream, length)


def _read(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise WireError("it broke off")
    return content


def document_reply(document: Document) -> Reply:
    """A document as a reply; its text is a separate blob, in UTF-8."""
    body = {
        "document_id": document.document_id,
        "name": document.name,
        "media_type": document.media_type,
        "text": "",
        "sha256": document.sha256,
        "pages": document.pages,
        "headings": [{"start": heading.start, "path": heading.path} for heading in document.headings],
        "rows": [{"start": row.start, "end": row.end, "fields": row.fields} for row in document.rows],
        "language": document.language,
        "notes": document.notes,
    }
    return Reply((_json(body), document.text.encode("utf-8")))


def read_document(reply: Reply) -> Document:
    """The document of a reply. Raises WireError if a type is wrong, or an offset lies outside the text."""
    return _read_body(_document, reply)


def _document(body: bytes, blobs: Sequence[bytes]) -> Document:
    (text,) = blobs
    document = replace(_checked(_adapters().document, body), text=text.decode("utf-8"))
    offsets = [*document.pages, *(heading.start for heading in document.headings)]
    offsets += [offset for row in document.rows for offset in (row.start, row.end)]
    if offsets and not 0 <= min(offsets) <= max(offsets) <= len(document.text):
        raise ValueError("an offset lies outside the text")
    return document


def columns_reply(columns: TableColumns | None) -> Reply:
    """A table's columns as a reply."""
    return Reply((_json(None if columns is None else asdict(columns)),))


def read_columns(reply: Reply) -> TableColumns | None:
    """The columns of a reply; None if the file is not a table. Raises WireError if a type is wrong."""
    return _read_body(lambda body, _: _checked(_adapters().columns, body), reply)


def archive_reply(archive: Archive) -> Reply:
    """An archive's members and refusals as a reply."""
    body = _ArchiveBody(tuple(member.name for member in archive.members), archive.refused)
    return Reply((_json(asdict(body)), *(member.content for member in archive.members)))


def read_archive(reply: Reply) -> Archive:
    """The archive of a reply. Raises WireError if a type is wrong, or a name has no content."""
    return _read_body(_archive, reply)


def _archive(body: bytes, blobs: Sequence[bytes]) -> Archive:
    found = _checked(_adapters().archive, body)
    pairs = zip(found.names, blobs, strict=True)
    return Archive(tuple(ArchiveMember(name, content) for name, content in pairs), found.refused)


def _read_body(read: Callable[[bytes, Sequence[bytes]], T], reply: Reply) -> T:
    """The result of `read(first blob, other blobs)`. Raises WireError where `read` raises ValueError."""
    if not reply.blobs:
        raise WireError("it is not as agreed: the reply is empty")
    try:
        return read(reply.blobs[0], reply.blobs[1:])
    except ValueError as error:
        raise WireError(f"it is not as agreed: {error}") from error


def _checked(adapter: TypeAdapter[T], encoded: bytes) -> T:
    try:
        return adapter.validate_json(encoded, strict=True)
    except ValueError as error:
        raise WireError(f"it is not as agreed: {first_problem(error)}") from error


def _json(value: object) -> bytes:
    return json.dumps(value).encode("ascii")
