"""Read the streams of a compound file (OLE, [MS-CFB]), in which Office 97-2003 keeps its documents."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, struct.error)
"""What reading a damaged compound file raises."""
DAMAGE = (ValueError, LookupError, ArithmeticError, struct.error)
"""What reading damaged streams raises."""
READ_IN_PART = (
    "The structure of this file could not be read, only its words: text boxes, notes and comments may be missing. "
    "Open it in its program and save it again."
)
"""A note about a document that a simpler reader has read."""


def read_streams(content: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The outer streams of these names, as far as the file has them and they can be read."""
    import olefile

    found = {}
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as package:
            for name in names:
                try:
                    if package.exists(name):
                        found[name] = bytes(package.openstream(name).read())
                except BROKEN:
                    continue
    except BROKEN:
        return {}
    return found


def number(content: bytes, at: int, size: int = 4) -> int:
    """The unsigned number at a place; 0 beyond the end."""
    return int.from_bytes(content[at : at + size], "little") if at >= 0 else 0
