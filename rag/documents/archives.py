"""Files within files: unpack ZIP archives and the attachments of mail in memory, with safe names and size limits.

Refused entries have a reason.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field, replace

from rag.documents.formats import MSG, WITH_ATTACHMENTS, ZIP, sniff, type_by_name
from rag.documents.parsed import MAX_BYTES
from rag.documents.readers.mail.message import Attachment
from rag.documents.readers.mail.reading import attached_files
from rag.documents.readers.speech.slack import is_day, is_export, user_names, with_names
from rag.documents.readers.zip_packages import ZIP_ERRORS
from rag.errors import DocumentError

_DRIVE = re.compile(r"^[A-Za-z]:")
_MAX_NAME = 240
"""Length limit of an entry's path, in characters."""
_HAS_PARTS = re.compile(rb"multipart/|message/rfc822", re.IGNORECASE)
_UNIX_LINK = 0o120000
_UNIX_KIND = 0o170000


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Limits on an archive: entries, unpacked bytes in total, unpacked bytes per packed byte, and nesting depth.

    `messages` is how deeply messages may be attached to one another.
    """

    entries: int = 5000
    total_bytes: int = 2 * MAX_BYTES
    ratio: int = 200
    depth: int = 2
    messages: int = 5


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file in an archive; its name begins with the archive's name: "papers.zip/2024/report.pdf".

    A message is a member of its own, with its own name: "offer.eml", and next to it "offer.eml/prices.csv".
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that was not unpacked, and the reason as a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Archive:
    """The contents of an archive: each file is either unpacked or refused. Folders are not counted."""

    members: tuple[ArchiveMember, ...]
    refused: tuple[Refusal, ...]


@dataclass(slots=True)
class _Unpacking:
    """The result so far, the names in use, and what is left of the limits; shared with nested archives."""

    limits: ArchiveLimits
    members: list[ArchiveMember] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    bytes_left: int = 0
    entries_left: int = 0


@dataclass(frozen=True, slots=True)
class _Depth:
    """How many archives, and how many messages, are around what is unpacked, with itself."""

    archives: int = 0
    messages: int = 0


def is_archive(name: str, content: bytes) -> bool:
    """Whether to open a file with `open_archive` instead of reading it as one document: an archive, or mail with parts.

    Office files are ZIP files too, but are read as documents under any name; a damaged file is judged by its name.
    """
    found = _kind(name, content)
    return found in (ZIP, MSG) or (found in WITH_ATTACHMENTS and _HAS_PARTS.search(content) is not None)


def _kind(name: str, content: bytes) -> str:
    found, stated = sniff(content), type_by_name(name)
    # A message may quote the first bytes of a PDF, but it does not begin with them. A damaged MSG has no parts.
    is_text = stated in WITH_ATTACHMENTS and stated != MSG and found not in (ZIP, MSG)
    return stated if is_text or (not found and stated == ZIP) else found


def open_archive(name: str, content: bytes, limits: ArchiveLimits | None = None) -> Archive:
    """Unpack the files of a ZIP archive, and of archives and mail inside it, in memory; or mail and its attachments.

    In an export of Slack, messages get the names of their senders.

    Raises:
        DocumentError: the archive itself is damaged or too large.
    """
    if len(content) > MAX_BYTES:
        raise DocumentError(f"'{name}' has {len(content):,} bytes; the limit is {MAX_BYTES:,}. Split the archive.")
    limits = limits or ArchiveLimits()
    unpacking = _Unpacking(limits, bytes_left=limits.total_bytes, entries_left=limits.entries)
    try:
        _unpack(unpacking, name, content, _Depth())
    except ZIP_ERRORS as error:
        raise DocumentError(f"'{name}' is damaged: {error}. Download or pack it again.") from error
    return Archive(_named_messages(unpacking.members), tuple(unpacking.refused))


def _named_messages(members: list[ArchiveMember]) -> tuple[ArchiveMember, ...]:
    """The members; those of a Slack export with the names of users in each message."""
    if not is_export(member.name for member in members):
        return tuple(members)
    names: dict[str, str] = {}
    for member in members:
        if member.name.endswith("/users.json"):
            names |= user_names(member.content)
    return tuple(
        replace(member, content=with_names(member.content, names)) if is_day(member.name) else member
        for member in members
    )


def _unpack(unpacking: _Unpacking, name: str, content: bytes, depth: _Depth) -> None:
    """Unpack an archive, or add a message and its attachments."""
    if _kind(name, content) in WITH_ATTACHMENTS:
        _unpack_mail(unpacking, name, content, replace(depth, messages=depth.messages + 1))
        return
    depth = replace(depth, archives=depth.archives + 1)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        entries = [entry for entry in package.infolist() if not entry.is_dir()]
        for number, entry in enumerate(entries):
            if unpacking.entries_left <= 0:
                _refuse_rest(unpacking, name, [_stated_name(left) for left in entries[number:]])
                return
            unpacking.entries_left -= 1
            _take(unpacking, package, entry, _member_name(unpacking, name, _stated_name(entry)), depth)


def _refuse_rest(unpacking: _Unpacking, name: str, rest: list[str]) -> None:
    reason = f"'{name}' has more than {unpacking.limits.entries:,} entries; the rest were skipped."
    members = [_member_name(unpacking, name, left) for left in rest]
    unpacking.refused += [Refusal(member, f"{reason} Split the archive.") for member in members]


def _unpack_mail(unpacking: _Unpacking, name: str, content: bytes, depth: _Depth) -> None:
    attached = list(attached_files(name, _kind(name, content), content))
    unpacking.members.append(ArchiveMember(name, content))
    unpacking.seen.add(name)
    for number, attachment in enumerate(attached):
        if unpacking.entries_left <= 0:
            _refuse_rest(unpacking, name, [left.name for left in attached[number:]])
            return
        unpacking.entries_left -= 1
        member = _member_name(unpacking, name, attachment.name)
        reason = _attachment_refusal(unpacking, attachment, member)
        _add(unpacking, member, b"" if reason else attachment.content, reason, depth)


def _attachment_refusal(unpacking: _Unpacking, attachment: Attachment, name: str) -> str:
    if _is_system_file(name):
        return f"'{name}' is a file of the operating system and holds no text of yours."
    if len(attachment.content) > unpacking.bytes_left:
        return f"'{name}' would bring the archive over {unpacking.limits.total_bytes:,} bytes. Save it and add it."
    return ""


def _take(unpacking: _Unpacking, package: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, depth: _Depth) -> None:
    reason = _refusal(unpacking, entry, name)
    content = b""
    if not reason:
        try:
            with package.open(entry) as file:
                content = file.read(min(MAX_BYTES, unpacking.bytes_left) + 1)
        except ZIP_ERRORS as error:
            reason = f"'{name}' is damaged: {error}. Pack the archive again."
    if len(content) > min(MAX_BYTES, unpacking.bytes_left):
        reason = f"'{name}' unpacks to more than its header states, like a ZIP bomb. Add it unpacked."
    _add(unpacking, name, content, reason, depth)


def _add(unpacking: _Unpacking, name: str, content: bytes, reason: str, depth: _Depth) -> None:
    """Add a file, or the files in it, or the reason why it is refused."""
    if not reason and is_archive(name, content):
        reason = _take_archive(unpacking, name, content, depth)
        content = b""
    elif not reason:
        unpacking.members.append(ArchiveMember(name, content))
    unpacking.bytes_left -= len(content)
    if reason:
        unpacking.refused.append(Refusal(name, reason))


def _take_archive(unpacking: _Unpacking, name: str, content: bytes, depth: _Depth) -> str:
    """Unpack a nested archive or message; returns the reason if it is refused, else an empty string."""
    if _kind(name, content) in WITH_ATTACHMENTS:
        if depth.messages >= unpacking.limits.messages:
            return f"'{name}' is nested too deeply: messages are opened {depth.messages} levels deep. Save it apart."
    elif depth.archives >= unpacking.limits.depth:
        return f"'{name}' is nested too deeply: archives are opened {depth.archives} levels deep. Unpack it first."
    unpacking.bytes_left -= len(content)
    try:
        _unpack(unpacking, name, content, depth)
    except ZIP_ERRORS as error:
        return f"'{name}' is damaged: {error}. Pack it again."
    except DocumentError as error:
        return str(error)
    return ""


def _refusal(unpacking: _Unpacking, entry: zipfile.ZipInfo, name: str) -> str:
    """The reason not to unpack an entry, judged by its header; empty if there is none."""
    limits = unpacking.limits
    if (entry.external_attr >> 16) & _UNIX_KIND == _UNIX_LINK:
        return f"'{name}' is a symbolic link, which is not followed. Pack the file itself."
    if entry.flag_bits & 1:
        return f"'{name}' is protected by a password. Pack a copy without one."
    if _is_system_file(name):
        return f"'{name}' is a file of the operating system and holds no text of yours."
    if entry.file_size > MAX_BYTES:
        return f"'{name}' unpacks to {entry.file_size:,} bytes; the limit is {MAX_BYTES:,}. Split the file."
    if entry.file_size > limits.ratio * max(entry.compress_size, 4096):
        return f"'{name}' unpacks to over {limits.ratio} times its size, like a ZIP bomb. Add it unpacked."
    if entry.file_size > unpacking.bytes_left:
        return f"'{name}' would bring the archive over {limits.total_bytes:,} bytes unpacked. Split the archive."
    return ""


def _is_system_file(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _member_name(unpacking: _Unpacking, archive: str, stated: str) -> str:
    """An entry's path below the archive's name: safe, without control characters, and unique."""
    base = f"{archive}/{safe_path(stated)}"
    name, number = base, 2
    while name in unpacking.seen:
        stem, dot, suffix = base.rpartition(".")
        name = f"{stem} ({number}).{suffix}" if dot and "/" not in suffix else f"{base} ({number})"
        number += 1
    unpacking.seen.add(name)
    return name


def _stated_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name; older programs write UTF-8 without the flag, and zipfile then decodes it as code page 437."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return entry.filename


def safe_path(path: str) -> str:
    """A safe relative path: forward slashes, no "..", drive, root or control characters; at most 240 characters."""
    visible = "".join(sign for sign in path if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    parts = [part.strip() for part in _DRIVE.sub("", visible).replace("\\", "/").split("/")]
    kept = [part for part in parts if part.strip(". ")]
    return "/".join(kept)[-_MAX_NAME:].lstrip("/") or "unnamed"
