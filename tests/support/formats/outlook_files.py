"""Generator of Outlook messages (MSG): a compound file ([MS-CFB]) with the properties of a message ([MS-OXMSG])."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

_SECTOR, _SMALL, _SMALL_STREAM = 512, 64, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
Tree = Mapping[str, "bytes | Tree"]


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    content: bytes = b""
    children: list[int] = field(default_factory=list)
    start: int = _END
    right: int = _FREE


def compound_file(tree: Tree) -> bytes:
    """A compound file with these storages (mappings) and streams (bytes)."""
    entries = [_Entry("Root Entry", 5)]
    _add(entries, 0, tree)
    small = bytearray()
    small_fat: list[int] = []
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(content: bytes) -> int:
        count = -(-len(content) // _SECTOR)
        first = len(sectors)
        sectors.extend(content[place * _SECTOR : (place + 1) * _SECTOR].ljust(_SECTOR, b"\0") for place in range(count))
        fat.extend([*range(first + 1, first + count), _END] if count else [])
        return first if count else _END

    for entry in entries[1:]:
        if entry.kind == 2 and 0 < len(entry.content) < _SMALL_STREAM:
            entry.start = len(small_fat)
            count = -(-len(entry.content) // _SMALL)
            small_fat += [*range(entry.start + 1, entry.start + count), _END]
            small += entry.content.ljust(count * _SMALL, b"\0")
        elif entry.kind == 2 and entry.content:
            entry.start = store(entry.content)
    entries[0].content = bytes(small)
    entries[0].start = store(entries[0].content)
    small_start = store(struct.pack(f"<{len(small_fat)}I", *small_fat).ljust(_SECTOR, b"\xff")) if small_fat else _END
    directory = store(b"".join(map(_directory_entry, entries)))
    n_fat = 1
    while n_fat * 128 < len(sectors) + n_fat:
        n_fat += 1
    first_fat = len(sectors)
    fat += [_FAT] * n_fat
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(n_fat * _SECTOR, b"\xff")
    header = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E, 3, 0xFFFE, 9, 6, 0, n_fat, directory, 0, _SMALL_STREAM,
        small_start, -(-len(small_fat) // 128), _END, 0,
    )  # fmt: skip
    header += struct.pack(f"<{n_fat}I", *range(first_fat, first_fat + n_fat))
    return header.ljust(_SECTOR, b"\xff") + b"".join(sectors) + table


def _add(entries: list[_Entry], parent: int, tree: Tree) -> None:
    # Siblings are a search tree, by the length of the name and the name; this one has only right branches.
    for name in sorted(tree, key=lambda one: (len(one), one.upper())):
        value = tree[name]
        number = len(entries)
        entries.append(_Entry(name, 2, value) if isinstance(value, bytes) else _Entry(name, 1))
        if entries[parent].children:
            entries[entries[parent].children[-1]].right = number
        entries[parent].children.append(number)
        if not isinstance(value, bytes):
            _add(entries, number, value)


def _directory_entry(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    child = entry.children[0] if entry.children else _FREE
    start = 0 if entry.kind == 1 else entry.start
    return struct.pack(
        "<64sHBBIII16xI16xIQ", name, len(name), entry.kind, 1, _FREE, entry.right, child, 0, start, len(entry.content)
    )


def properties(header: bytes, values: Mapping[int, str | bytes | int | datetime], code_page: str = "") -> Tree:
    """The streams of a message, a person or an attachment.

    Args:
        header: what stands before the properties.
        values: the values by the ids of the properties.
        code_page: write texts in this encoding; in Unicode if empty.
    """
    table, streams = bytearray(header), {}
    for number, value in values.items():
        if isinstance(value, int):
            table += struct.pack("<HHIi4x", 3, number, 6, value)
            continue
        if isinstance(value, datetime):
            ticks = int((value - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
            table += struct.pack("<HHIQ", 0x40, number, 6, ticks)
            continue
        kind = 0x102 if isinstance(value, bytes) else 0x1E if code_page else 0x1F
        content = value if isinstance(value, bytes) else value.encode(code_page or "utf-16-le")
        table += struct.pack("<HHIII", kind, number, 6, len(content) + (0 if kind == 0x102 else 2), 0)
        streams[f"__substg1.0_{number:04X}{kind:04X}"] = content
    return {"__properties_version1.0": bytes(table), **streams}


def message(
    values: Mapping[int, str | bytes | int | datetime],
    *,
    people: Sequence[tuple[int, str, str]] = (),
    files: Sequence[tuple[str, bytes]] = (),
    messages: Sequence[Tree] = (),
    code_page: str = "",
    inside: bool = False,
) -> Tree:
    """A message as a tree; `people` are kind (1: to, 2: cc), name and address, `messages` are attached to it."""
    counts = struct.pack("<8x4I", len(people), len(files) + len(messages), len(people), len(files) + len(messages))
    tree = dict(properties(counts + (b"" if inside else bytes(8)), values, code_page))
    for number, (kind, name, address) in enumerate(people):
        person = properties(bytes(8), {0x0C15: kind, 0x3001: name, 0x39FE: address}, code_page)
        tree[f"__recip_version1.0_#{number:08X}"] = person
    for number, (name, content) in enumerate(files):
        one = properties(bytes(8), {0x3707: name, 0x3701: content, 0x3705: 1}, code_page)
        tree[f"__attach_version1.0_#{number:08X}"] = one
    for number, inner in enumerate(messages, start=len(files)):
        holder = dict(properties(bytes(8), {0x3705: 5}))
        tree[f"__attach_version1.0_#{number:08X}"] = {**holder, "__substg1.0_3701000D": inner}
    return tree
