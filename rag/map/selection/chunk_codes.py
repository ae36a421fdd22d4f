"""Chunk ids as a short text for an address: the gaps between ascending ids, compressed, in letters and digits."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable

_MOST_BYTES = 8_000_000


def encode_ids(ids: Iterable[int]) -> str:
    """The ids, not negative, in ascending order, as URL-safe text; empty for none."""
    content, last = bytearray(), -1
    for one in sorted(set(ids)):
        gap, last = one - last - 1, one
        # Seven bits a byte; the highest bit says that more follow.
        while gap > 127:
            content.append(gap & 127 | 128)
            gap >>= 7
        content.append(gap)
    return base64.urlsafe_b64encode(zlib.compress(bytes(content), 9)).rstrip(b"=").decode() if content else ""


def decode_ids(text: str) -> tuple[int, ...]:
    """The ids of a text made by `encode_ids`, ascending. Raises ValueError if it is none."""
    if not text:
        return ()
    try:
        packed = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, _MOST_BYTES)
    except (binascii.Error, zlib.error, UnicodeEncodeError) as error:
        raise ValueError("not a list of chunks") from error
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("not a list of chunks, or one that is too long")
    ids, last, gap, shift = [], -1, 0, 0
    for byte in content:
        gap |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            last += gap + 1
            ids.append(last)
            gap, shift = 0, 0
    if shift or last >= 2**63:
        raise ValueError("not a list of chunks")
    return tuple(ids)
