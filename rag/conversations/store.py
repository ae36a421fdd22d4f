"""Conversation store: conversations, turns and their versions in the collection's file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from rag.access.person import acting
from rag.answering.types import ConversationSummary, Exchange, Turn
from rag.conversations.record import turn_from_json, turn_to_json
from rag.conversations.titles import DEFAULT_TITLE, LONGEST_TITLE, clean_title, title_from
from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sql import SqlConnection

# Inside the class, `list` is its method.
Summaries = list[ConversationSummary]
Turns = list[Turn]


class Conversations:
    """The conversations of a collection that the acting person began, their turns, and versions of turns.

    The owner of all, who uses the app on their own machine, sees those of everybody. For anybody else, a conversation
    of another person does not exist.

    Every call opens the file separately, so threads may share one object, and others may read and write meanwhile. No
    call changes the collection's generation, because no cache depends on conversations. An export includes them, unless
    it leaves them out; a copy of selected chunks or with another model does not, because their answers refer to
    documents and vectors that the copy does not have.

    Every method raises CollectionError if the file cannot be read or written, or if the conversation or turn does not
    exist (any more). Methods that read turns also raise it if a record is damaged.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        # Not asked again: the thread that writes an answer does so for the person who asked.
        self._owner = acting().owner

    def list(self) -> Summaries:
        """All conversations, the most recently changed first."""
        query = (
            "SELECT conversation_id, title, (SELECT count(*) FROM turns WHERE is_chosen = 1 AND "
            "turns.conversation_id = conversations.conversation_id), changed_at FROM conversations "
            f"WHERE {_IS_SEEN} ORDER BY changed_at DESC, conversation_id DESC"
        )
        with self._collection.reading_conversations() as connection:
            return [ConversationSummary(*row) for row in connection.execute(query, (self._owner,))]

    def create(self, title: str = DEFAULT_TITLE) -> int:
        """Create an empty conversation and return its id. The first question replaces the default title."""
        with self._collection.writing_conversations() as connection:
            return _insert_conversation(connection, clean_title(title) or DEFAULT_TITLE, self._owner)

    def rename(self, conversation_id: int, title: str) -> None:
        """Rename it; the title is cut at 200 characters. Also raises CollectionError for a blank title."""
        cleaned = clean_title(title)
        if not cleaned:
            raise CollectionError("A conversation needs a name. Type at least one letter.")
        with self._collection.writing_conversations() as connection:
            _require_conversation(connection, conversation_id, self._owner)
            connection.execute(
                "UPDATE conversations SET title = ? WHERE conversation_id = ?", (cleaned, conversation_id)
            )

    def delete(self, conversation_id: int) -> None:
        """Delete it with its turns, readable or not; does nothing if it does not exist."""
        with self._collection.writing_conversations() as connection:
            query = f"DELETE FROM conversations WHERE conversation_id = ? AND {_IS_SEEN}"
            connection.execute(query, (conversation_id, self._owner))

    def turns(self, conversation_id: int, *, last: int | None = None) -> Turns:
        """The chosen version of each slot, in order; only of the `last` slots if given, which takes less time."""
        with self._collection.reading_conversations() as connection:
            _require_conversation(connection, conversation_id, self._owner)
            rows = _select(connection, "numbered.is_chosen = 1", conversation_id, last=last)
        return [_turn(row) for row in rows]

    def n_slots(self, conversation_id: int) -> int:
        """Number of slots (questions)."""
        query = "SELECT count(*) FROM turns WHERE conversation_id = ? AND is_chosen = 1"
        with self._collection.reading_conversations() as connection:
            _require_conversation(connection, conversation_id, self._owner)
            return int(connection.execute(query, (conversation_id,)).fetchone()[0])

    def versions(self, conversation_id: int, slot: int) -> Turns:
        """All versions of a slot, oldest first."""
        with self._collection.reading_conversations() as connection:
            is_seen = _title(connection, conversation_id, self._owner) is not None
            rows = _select(connection, "numbered.slot = ?", conversation_id, slot) if is_seen else []
        if not rows:
            raise _gone("question")
        return [_turn(row) for row in rows]

    def history(self, conversation_id: int, before_slot: int | None = None) -> tuple[Exchange, ...]:
        """The chosen question and answer of each slot, in order; only those before `before_slot` if it is given.

        Does not read the records, so it is fast.
        """
        query = "SELECT question, answer FROM turns WHERE conversation_id = ? AND is_chosen = 1 {} ORDER BY slot"
        earlier = "" if before_slot is None else "AND slot < ?"
        with self._collection.reading_conversations() as connection:
            _require_conversation(connection, conversation_id, self._owner)
            given = (conversation_id,) if before_slot is None else (conversation_id, before_slot)
            return tuple(Exchange(*row) for row in connection.execute(query.format(earlier), given))

    def add(self, conversation_id: int, turn: Turn) -> Turn:
        """Append the turn as the next slot, ignoring its slot; returns the stored turn.

        The question becomes the conversation's title if it still has the default one.
        """
        record = _record(turn)
        with self._collection.writing_conversations() as connection:
            _require_conversation(connection, conversation_id, self._owner)
            query = "SELECT coalesce(max(slot) + 1, 0) FROM turns WHERE conversation_id = ?"
            slot = connection.execute(query, (conversation_id,)).fetchone()[0]
            turn_id = _insert_turn(connection, conversation_id, slot, turn, record)
            connection.execute(
                "UPDATE conversations SET title = ? WHERE conversation_id = ? AND title = ?",
                (title_from(turn.question), conversation_id, DEFAULT_TITLE),
            )
        return replace(turn, slot=slot, version=1, versions=1, turn_id=turn_id)

    def add_version(self, conversation_id: int, slot: int, turn: Turn) -> Turn:
        """Add the turn to an existing slot as its newest and chosen version; returns the stored turn."""
        record = _record(turn)
        with self._collection.writing_conversations() as connection:
            query = "SELECT count(*) FROM turns WHERE conversation_id = ? AND slot = ?"
            n = connection.execute(query, (conversation_id, slot)).fetchone()[0]
            if not n or _title(connection, conversation_id, self._owner) is None:
                raise _gone("question")
            _unchoose(connection, conversation_id, slot)
            turn_id = _insert_turn(connection, conversation_id, slot, turn, record)
        return replace(turn, slot=slot, version=n + 1, versions=n + 1, turn_id=turn_id)

    def replace(self, turn_id: int, turn: Turn) -> Turn:
        """Replace a stored turn, keeping its slot and version; returns the stored turn."""
        record = _record(turn)
        with self._collection.writing_conversations() as connection:
            conversation_id, *_ = _place(connection, turn_id, self._owner)
            connection.execute(
                "UPDATE turns SET question = ?, answer = ?, record = ? WHERE turn_id = ?",
                (turn.question, turn.exchange.answer, record, turn_id),
            )
            _touch(connection, conversation_id)
            ((_, slot, version, versions, _),) = _select(connection, "turn_id = ?", conversation_id, turn_id)
        return replace(turn, slot=slot, version=version, versions=versions, turn_id=turn_id)

    def choose(self, turn_id: int) -> None:
        """Choose the version with which the conversation continues."""
        with self._collection.writing_conversations() as connection:
            conversation_id, slot, _ = _place(connection, turn_id, self._owner)
            _unchoose(connection, conversation_id, slot)
            connection.execute("UPDATE turns SET is_chosen = 1 WHERE turn_id = ?", (turn_id,))

    def fork(self, conversation_id: int, before_slot: int, title: str = "") -> int:
        """Copy the chosen turns before a slot to a new conversation and return its id. The original is unchanged.

        Without a `title`, it has the original's with a number, or the default one if no turn was copied.
        """
        with self._collection.writing_conversations() as connection:
            own_title = _require_conversation(connection, conversation_id, self._owner)
            made = _insert_conversation(connection, DEFAULT_TITLE, self._owner)
            n_copied = connection.execute(
                "INSERT INTO turns (conversation_id, slot, is_chosen, question, answer, record) "
                "SELECT ?, slot, 1, question, answer, record FROM turns "
                "WHERE conversation_id = ? AND is_chosen = 1 AND slot < ? ORDER BY slot",
                (made, conversation_id, before_slot),
            ).rowcount
            new_title = clean_title(title) or (
                _numbered(connection, own_title, self._owner) if n_copied else DEFAULT_TITLE
            )
            connection.execute("UPDATE conversations SET title = ? WHERE conversation_id = ?", (new_title, made))
        return made


_IS_SEEN = "? IN ('', owner)"
"""Whether the person with an id sees a conversation: it is theirs, or they are the owner of all."""
_ALL = 2**31 - 1
_Row = tuple[int, int, int, int, str]
_Place = tuple[int, int, int]


def _select(
    connection: SqlConnection, which: str, conversation_id: int, *given: int, last: int | None = None
) -> list[_Row]:
    """Id, slot, version, number of versions and record of a conversation's turns, in order."""
    query = (
        "WITH numbered AS (SELECT turn_id, slot, is_chosen, row_number() OVER (PARTITION BY slot ORDER BY turn_id) "
        "AS version, count(*) OVER (PARTITION BY slot) AS versions FROM turns WHERE conversation_id = ?) "
        "SELECT turn_id, numbered.slot, version, versions, record FROM numbered JOIN turns USING (turn_id) "
        f"WHERE {which} ORDER BY numbered.slot DESC, version DESC LIMIT ?"
    )
    limit = _ALL if last is None else max(last, 0)
    return connection.execute(query, (conversation_id, *given, limit)).fetchall()[::-1]


def _turn(row: _Row) -> Turn:
    turn_id, slot, version, versions, record = row
    return replace(turn_from_json(record), slot=slot, version=version, versions=versions, turn_id=turn_id)


def _record(turn: Turn) -> str:
    """The turn as JSON without slot and version, which the table stores."""
    return turn_to_json(replace(turn, slot=0, version=1, versions=1, turn_id=0))


def _insert_conversation(connection: SqlConnection, title: str, owner: str) -> int:
    query = "INSERT INTO conversations (title, changed_at, owner) VALUES (?, ?, ?)"
    return connection.execute(query, (title, _now(), owner)).lastrowid or 0


def _insert_turn(connection: SqlConnection, conversation_id: int, slot: int, turn: Turn, record: str) -> int:
    made = connection.execute(
        "INSERT INTO turns (conversation_id, slot, is_chosen, question, answer, record) VALUES (?, ?, 1, ?, ?, ?)",
        (conversation_id, slot, turn.question, turn.exchange.answer, record),
    )
    _touch(connection, conversation_id)
    return made.lastrowid or 0


def _unchoose(connection: SqlConnection, conversation_id: int, slot: int) -> None:
    query = "UPDATE turns SET is_chosen = 0 WHERE conversation_id = ? AND slot = ?"
    connection.execute(query, (conversation_id, slot))


def _touch(connection: SqlConnection, conversation_id: int) -> None:
    query = "UPDATE conversations SET changed_at = ? WHERE conversation_id = ?"
    connection.execute(query, (_now(), conversation_id))


def _require_conversation(connection: SqlConnection, conversation_id: int, owner: str) -> str:
    """Return its title; raise CollectionError if it does not exist for this person."""
    title = _title(connection, conversation_id, owner)
    if title is None:
        raise _gone("conversation")
    return title


def _title(connection: SqlConnection, conversation_id: int, owner: str) -> str | None:
    """The title of a conversation; None if it does not exist for this person."""
    query = f"SELECT title FROM conversations WHERE conversation_id = ? AND {_IS_SEEN}"
    row = connection.execute(query, (conversation_id, owner)).fetchone()
    return None if row is None else str(row[0])


def _place(connection: SqlConnection, turn_id: int, owner: str) -> _Place:
    """The turn's conversation, its slot, and whether it is chosen."""
    query = (
        "SELECT conversation_id, slot, is_chosen FROM turns JOIN conversations USING (conversation_id) "
        f"WHERE turn_id = ? AND {_IS_SEEN}"
    )
    row: _Place | None = connection.execute(query, (turn_id, owner)).fetchone()
    if row is None:
        raise _gone("answer")
    return row


def _gone(what: str) -> CollectionError:
    return CollectionError(
        f"This {what} is no longer in the collection: it was deleted in another tab or by another program. "
        "Reload the page."
    )


def _numbered(connection: SqlConnection, title: str, owner: str) -> str:
    """The title with the first number from 2 that none of the person's conversations has."""
    title = title[: LONGEST_TITLE - 10]
    taken = {row[0] for row in connection.execute(f"SELECT title FROM conversations WHERE {_IS_SEEN}", (owner,))}
    number = 2
    while f"{title} ({number})" in taken:
        number += 1
    return f"{title} ({number})"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
