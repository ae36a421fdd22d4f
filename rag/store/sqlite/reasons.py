"""Errors of SQLite and the operating system in plain words."""

from __future__ import annotations

import sqlite3

_REASONS = {
    sqlite3.SQLITE_BUSY: "another program is using it",
    sqlite3.SQLITE_LOCKED: "another program is using it",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk could not be read or written",
    sqlite3.SQLITE_CANTOPEN: "the file could not be opened",
    sqlite3.SQLITE_CORRUPT: "its contents are damaged",
    sqlite3.SQLITE_NOTADB: "its contents are not those of a collection",
}
_NO_TEXT = "Could not decode"
"""How the message of an error without a code begins."""
_OTHER = "its contents are not as this program stores them"


def reason_of(error: Exception) -> str:
    """Why a file could not be used, as a part of a sentence: "another program is using it"."""
    if isinstance(error, sqlite3.Error):
        if str(error).startswith(_NO_TEXT):
            return "a text in it cannot be decoded"
        return _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _OTHER)
    if isinstance(error, OSError):
        return error.strerror or "the disk could not be read or written"
    return str(error) if isinstance(error, ValueError) else _OTHER
