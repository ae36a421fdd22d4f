"""SQL connections: what conversations need of a database, be it a collection's file or a shared server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

SqlValue = str | int | float | bytes | None
Row = tuple[Any, ...]
"""A row as the database gives it, typed like the rows of `sqlite3`."""


class SqlResult(Protocol):
    """The rows of a statement, and what it changed."""

    @property
    def lastrowid(self) -> int | None:
        """The id of the inserted row."""

    @property
    def rowcount(self) -> int:
        """The number of rows that were changed."""

    def fetchone(self) -> Any:
        """The next row; None after the last."""

    def fetchall(self) -> list[Any]:
        """All further rows."""

    def __iter__(self) -> Iterator[Any]:
        """Each further row."""


class SqlConnection(Protocol):
    """A connection within a transaction; `sqlite3.Connection` is one."""

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> SqlResult:
        """Execute one statement, with "?" in place of each parameter."""
