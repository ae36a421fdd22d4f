"""Decompress the RTF text of an Outlook message (LZFu; [MS-OXRTFCP], section 2.1.3)."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_KNOWN = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
"""The beginning of the dictionary, which every text may refer to."""


def decompress_rtf(stream: bytes) -> bytes:
    """The RTF text.

    Raises:
        ValueError: the stream is no compressed RTF, or breaks off.
    """
    if len(stream) < _HEADER.size:
        raise ValueError("its RTF text breaks off")
    _, size, kind, _ = _HEADER.unpack_from(stream)
    if kind == _PLAIN:
        return stream[_HEADER.size : _HEADER.size + size]
    if kind != _COMPRESSED:
        raise ValueError("its RTF text is of an unknown kind")
    return bytes(_unpacked(stream, size))


def _unpacked(stream: bytes, size: int) -> bytearray:
    window = bytearray(_KNOWN.ljust(_WINDOW, b"\0"))
    write, place, out = len(_KNOWN), _HEADER.size, bytearray()
    while place < len(stream):
        control = stream[place]
        place += 1
        for bit in range(8):
            if not control >> bit & 1:
                if place >= len(stream):
                    return out
                window[write] = stream[place]
                out.append(stream[place])
                write, place = (write + 1) % _WINDOW, place + 1
                continue
            if place + 2 > len(stream):
                raise ValueError("its RTF text breaks off")
            reference = stream[place] << 8 | stream[place + 1]
            place += 2
            start, length = reference >> 4, (reference & 15) + 2
            if start == write:
                return out[:size]
            for step in range(length):
                window[write] = window[(start + step) % _WINDOW]
                out.append(window[write])
                write = (write + 1) % _WINDOW
    return out[:size]
