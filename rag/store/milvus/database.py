"""The SQL database of a Milvus store: what needs transactions, which Milvus does not have.

It holds the list of collections, an entry for each document, settings, retrieval counts and conversations. It is SQLite
by default, or any database that SQLAlchemy can reach, so that several app servers share it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import URL, Connection, CursorResult, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from rag.errors import CollectionError
from rag.store.sql import SqlValue
from rag.store.sqlite import schema

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_SECONDS = 30
"""How long to wait for another writer."""
_OWN_TABLES = ("conversations", "turns", "retrievals")
"""The tables that each collection has under names of its own, with the columns that they have in a collection file."""
_TABLE = re.compile(rf"\b({'|'.join(_OWN_TABLES)})\b")
_WRITES = "explorer_writes"

_metadata = MetaData()
collections = Table(
    "explorer_collections", _metadata,
    Column("uid", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    Column("spec", Text, nullable=False),
    Column("spec_digest", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("next_version", BigInteger, nullable=False),
    Column("next_chunk", BigInteger, nullable=False),
    Column("changed_at", Float, nullable=False),
)  # fmt: skip
entries = Table(
    "explorer_documents", _metadata,
    Column("uid", String(32), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("writer", String(32), nullable=False),
    Column("since", Float, nullable=False),
    Column("document_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("n_chunks", BigInteger, nullable=False),
    Column("first_chunk", BigInteger, nullable=False),
    Column("last_chunk", BigInteger, nullable=False),
    *(Column(f"{part}_digest", LargeBinary, nullable=False) for part in ("summary", "contents", "chunks", "vectors")),
    Index("explorer_documents_by_state", "uid", "state"),
)  # fmt: skip
settings = Table(
    "explorer_settings", _metadata,
    Column("uid", String(32), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)  # fmt: skip
_lock = threading.Lock()
_engines: dict[str, Engine] = {}


class Database:
    """The database at a URL; its tables are created at the first use."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction. Raises CollectionError if the database cannot be read."""
        with self._explaining(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction, rolled back on any exception. Raises CollectionError if it cannot be written."""
        with (
            self._explaining(),
            self._engine.connect().execution_options(**{_WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        with _explaining(self._engine.url):
            yield


class CollectionSql:
    """A connection on which the statements for a collection file's conversations run on those of one collection."""

    def __init__(self, connection: Connection, uid: str) -> None:
        self._connection = connection
        self._uid = uid

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> CollectionRows:
        """Execute a statement with "?" in place of each parameter, on the tables of the collection."""
        named, values = _TABLE.sub(rf"\1_{self._uid}", sql), {f"p{i}": value for i, value in enumerate(parameters)}
        for key in values:
            named = named.replace("?", f":{key}", 1)
        return CollectionRows(self._connection, self._connection.execute(text(named), values))


class CollectionRows:
    """The rows of a statement, as `sqlite3.Cursor` gives them."""

    def __init__(self, connection: Connection, result: CursorResult[Any]) -> None:
        self._connection = connection
        self._result = result

    @property
    def lastrowid(self) -> int | None:
        """The id of the inserted row."""
        if self._connection.dialect.name == "postgresql":
            return int(self._connection.execute(text("SELECT lastval()")).scalar_one())
        return self._result.lastrowid

    @property
    def rowcount(self) -> int:
        """The number of rows that were changed."""
        return self._result.rowcount

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        row = self._result.fetchone()
        return None if row is None else tuple(row)

    def fetchall(self) -> list[Any]:
        """All further rows."""
        return [tuple(row) for row in self._result]

    def __iter__(self) -> Iterator[Any]:
        """Each further row."""
        return iter(self.fetchall())


def create_tables_of(connection: Connection, uid: str) -> None:
    """Create the tables of a collection's conversations and counts; columns of a newer version are added."""
    found = inspect(connection)
    for table in _tables_of(uid):
        if not found.has_table(table.name):
            table.create(connection)
            continue
        known = {column["name"] for column in found.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                kind = column.type.compile(connection.dialect)
                default = column.server_default.arg if column.server_default is not None else "''"  # type: ignore[attr-defined]
                connection.execute(
                    text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind} NOT NULL DEFAULT {default}")
                )


def drop_tables_of(connection: Connection, uid: str) -> None:
    """Drop the tables of a collection's conversations and counts."""
    for table in reversed(_tables_of(uid)):
        table.drop(connection, checkfirst=True)


def advance_ids(connection: Connection, uid: str) -> None:
    """Let new conversations and turns get ids above those that were inserted with their ids."""
    if connection.dialect.name == "postgresql":
        for table, column in (("conversations", "conversation_id"), ("turns", "turn_id")):
            name = f"{table}_{uid}"
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), "
                    f"(SELECT coalesce(max({column}), 0) + 1 FROM {name}), false)"
                )
            )


def _tables_of(uid: str) -> list[Table]:
    """The tables as a collection file has them, described in SQLAlchemy's terms."""
    metadata, made = MetaData(), []
    with closing(schema.connect_memory()) as memory:
        for sql in schema.statements_of(_OWN_TABLES):
            if sql.startswith("CREATE TABLE"):
                memory.execute(re.sub(r"REFERENCES \w+ ON DELETE CASCADE", "", sql))
        for table in _OWN_TABLES:
            columns = [
                _column(name, kind, default, is_key=bool(key), is_numbered=bool(key) and table != "retrievals")
                for _, name, kind, _, default, key in memory.execute(f"PRAGMA table_info({table})")
            ]
            made.append(Table(f"{table}_{uid}", metadata, *columns, sqlite_autoincrement=table != "retrievals"))
    made[1].append_constraint(
        ForeignKeyConstraint(
            ["conversation_id"], [f"conversations_{uid}.conversation_id"], name=f"turns_of_{uid}", ondelete="CASCADE"
        )
    )
    return made


def _column(name: str, kind: str, default: str | None, *, is_key: bool, is_numbered: bool) -> Column[Any]:
    of_type = Text() if kind == "TEXT" else BigInteger().with_variant(Integer, "sqlite")
    return Column(
        name, of_type, primary_key=is_key, autoincrement=is_numbered, nullable=False,
        server_default=None if default is None else text(default),
    )  # fmt: skip


def _engine(url: str) -> Engine:
    with _lock:
        if url not in _engines:
            made = _made(url)
            with _explaining(made.url):
                _metadata.create_all(made)
            _engines[url] = made
        return _engines[url]


def _made(url: str) -> Engine:
    """The engine for a URL. Raises CollectionError for a URL that is none, and without the database's driver."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, isolation_level="REPEATABLE READ", pool_pre_ping=True)
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(parsed, connect_args={"timeout": _SECONDS})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise CollectionError(
            f"EXPLORER_DATABASE cannot be used: {error}. Set it to a URL such as "
            "sqlite:////folder/explorer.db or postgresql+pg8000://user@host/database, install the database's driver "
            "(pip install 'embedding-explorer[postgres]'), or unset it."
        ) from error
    except OSError as error:
        raise CollectionError(f"The folder of EXPLORER_DATABASE cannot be created: {error.strerror}.") from error
    event.listen(made, "connect", _without_implicit_transactions)
    event.listen(made, "begin", _begin)
    return made


def _without_implicit_transactions(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Leave the transactions of sqlite3 to SQLAlchemy, and delete the turns of a conversation with it."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _explaining(url: URL) -> Iterator[None]:
    """Turn errors of the database into CollectionError; the message does not show the password."""
    try:
        yield
    except SQLAlchemyError as error:
        what = _said(error).strip().partition("\n")[0].rstrip(".")
        raise CollectionError(
            f"The database '{url.render_as_string(hide_password=True)}' could not be read or written: {what}. Check "
            "that it can be reached, that its disk has free space, and EXPLORER_DATABASE."
        ) from error


def _said(error: SQLAlchemyError) -> str:
    """What the database said. The driver pg8000 gives a dictionary of PostgreSQL's fields; "M" is the message."""
    of_driver = getattr(error, "orig", None)
    fields = of_driver.args[0] if of_driver is not None and of_driver.args else None
    if isinstance(fields, dict) and "M" in fields:
        return str(fields["M"])
    return str(of_driver or error)
