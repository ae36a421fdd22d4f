"""Conversations are kept with the collection: nothing is lost, nothing mixed up, and nothing else touched."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from rag.answering.types import Turn
from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.transfer.files import delete_collection, export_collection, import_collection, rename_collection
from rag.transfer.selected_chunks import copy_chunks
from tests.support.collections import contents, everything_in, require_sound
from tests.support.turns import made_turn

in_every_home = pytest.mark.usefixtures("home")
GONE = r"no longer in the collection.*Reload the page"


def opened(folder, name: str) -> Conversations:
    return Conversations(Collection.open(folder, name))


def questions(conversations: Conversations, conversation_id: int) -> list[str]:
    return [turn.question for turn in conversations.turns(conversation_id)]


def all_of(conversations: Conversations) -> list[tuple[object, list[list[Turn]]]]:
    """Every conversation with every version of every turn."""
    return [
        (
            one,
            [
                conversations.versions(one.conversation_id, turn.slot)
                for turn in conversations.turns(one.conversation_id)
            ],
        )
        for one in conversations.list()
    ]


@pytest.fixture
def filled(conversations) -> Conversations:
    """Two conversations; the first has three slots, of which the second has three versions, the second chosen."""
    first = conversations.create()
    for question in ("Where do owls live?", "Zoos?", "What do they eat?"):
        conversations.add(first, made_turn(question))
    chosen = conversations.add_version(first, 1, made_turn("Zoos, which?"))
    conversations.add_version(first, 1, made_turn("Parks?"))
    conversations.choose(chosen.turn_id)
    second = conversations.create("Ships")
    conversations.add(second, made_turn("Who sails?"))
    return conversations


@in_every_home
def test_turns_come_back_as_they_were_added(conversations):
    one = conversations.create()
    added = [conversations.add(one, replace(made_turn(f"Q{i}"), slot=7, version=3, versions=4)) for i in range(3)]
    assert conversations.turns(one) == added
    assert [conversations.turns(one, last=n) for n in (0, 2, 9)] == [[], added[1:], added]
    assert [(turn.slot, turn.version, turn.versions) for turn in added] == [(0, 1, 1), (1, 1, 1), (2, 1, 1)]
    assert [replace(turn, slot=0, turn_id=0) for turn in added] == [made_turn(f"Q{i}") for i in range(3)]
    assert len({turn.turn_id for turn in added} - {0}) == 3


@in_every_home
def test_the_newest_change_comes_first(conversations):
    first, second = conversations.create("First"), conversations.create("Second")
    assert [one.title for one in conversations.list()] == ["Second", "First"]
    conversations.add(first, made_turn())
    listed = conversations.list()
    assert [(one.conversation_id, one.title, one.n_turns) for one in listed] == [
        (first, "First", 1),
        (second, "Second", 0),
    ]
    conversations.rename(second, "Other")
    assert [one.title for one in conversations.list()] == ["First", "Other"]
    assert listed[0].changed_at.endswith("+00:00")


@in_every_home
def test_versions_of_a_question(filled):
    conversation = filled.list()[-1].conversation_id
    assert questions(filled, conversation) == ["Where do owls live?", "Zoos, which?", "What do they eat?"]
    assert [(turn.version, turn.versions) for turn in filled.turns(conversation)] == [(1, 1), (2, 3), (1, 1)]
    versions = filled.versions(conversation, 1)
    assert [(turn.question, turn.version) for turn in versions] == [("Zoos?", 1), ("Zoos, which?", 2), ("Parks?", 3)]
    filled.choose(versions[2].turn_id)
    assert filled.turns(conversation)[1] == versions[2]
    assert filled.list()[-1].n_turns == filled.n_slots(conversation) == 3


@in_every_home
def test_a_new_version_is_the_chosen_one(filled):
    conversation = filled.list()[-1].conversation_id
    added = filled.add_version(conversation, 1, made_turn("Again?"))
    assert (added.slot, added.version, added.versions) == (1, 4, 4)
    assert filled.turns(conversation)[1] == added


@in_every_home
def test_replacing_keeps_the_place(filled):
    conversation = filled.list()[-1].conversation_id
    old = filled.versions(conversation, 1)[0]
    new = replace(made_turn("Zoos?", "Bats do. They do."), slot=9)
    stored = filled.replace(old.turn_id, new)
    assert stored == replace(new, slot=1, version=1, versions=3, turn_id=old.turn_id)
    assert filled.versions(conversation, 1)[0] == stored
    assert questions(filled, conversation)[1] == "Zoos, which?"


@in_every_home
def test_history_is_of_the_chosen_versions(filled):
    conversation = filled.list()[-1].conversation_id
    turns = filled.turns(conversation)
    assert filled.history(conversation) == tuple(turn.exchange for turn in turns)
    assert filled.history(conversation, 2) == tuple(turn.exchange for turn in turns[:2])
    assert filled.history(conversation, 0) == ()
    unanswered = filled.add(conversation, Turn("Well?", ()))
    assert filled.history(conversation)[-1] == unanswered.exchange


def test_history_needs_no_record(filled, collection):
    conversation = filled.list()[-1].conversation_id
    wanted = filled.history(conversation)
    spoil(collection, "UPDATE turns SET record = 'no record'")
    assert filled.history(conversation) == wanted


@in_every_home
def test_a_fork_has_what_came_before_and_leaves_the_original(filled):
    conversation = filled.list()[-1].conversation_id
    before = all_of(filled)
    made = filled.fork(conversation, 2)
    filled.add(made, made_turn("What do bats eat?"))
    assert questions(filled, made) == ["Where do owls live?", "Zoos, which?", "What do bats eat?"]
    assert [turn.versions for turn in filled.turns(made)] == [1, 1, 1]
    assert [one for one in all_of(filled) if one[0].conversation_id != made] == before
    again = filled.fork(conversation, 1)
    titles = {one.conversation_id: one.title for one in filled.list()}
    assert (titles[made], titles[again]) == ("Where do owls live? (2)", "Where do owls live? (3)")


@in_every_home
def test_a_fork_from_the_beginning_is_named_by_its_question(filled):
    made = filled.fork(filled.list()[-1].conversation_id, 0)
    filled.add(made, made_turn("Where do bats live?"))
    assert filled.list()[0].title == "Where do bats live?"
    assert filled.fork(made, 1, "Mine") == filled.list()[0].conversation_id
    assert filled.list()[0].title == "Mine"


@in_every_home
def test_what_was_deleted_elsewhere_is_said(filled):
    other = Conversations(filled._collection)
    conversation = filled.list()[-1].conversation_id
    turn = filled.turns(conversation)[0]
    other.delete(conversation)
    other.delete(conversation)
    for call in (
        lambda: filled.turns(conversation),
        lambda: filled.n_slots(conversation),
        lambda: filled.versions(conversation, 0),
        lambda: filled.history(conversation),
        lambda: filled.add(conversation, made_turn()),
        lambda: filled.add_version(conversation, 0, made_turn()),
        lambda: filled.rename(conversation, "x"),
        lambda: filled.fork(conversation, 1),
        lambda: filled.replace(turn.turn_id, made_turn()),
        lambda: filled.choose(turn.turn_id),
    ):
        with pytest.raises(CollectionError, match=GONE):
            call()
    assert [one.title for one in filled.list()] == ["Ships"]
    with pytest.raises(CollectionError, match=GONE):
        filled.versions(filled.list()[0].conversation_id, 5)


@in_every_home
def test_a_collection_that_is_gone_is_said(filled, data_dir):
    delete_collection(data_dir, "Birds")
    with pytest.raises(CollectionError, match="'Birds' was renamed or deleted"):
        filled.list()


def spoil(collection: Collection, statement: str) -> None:
    with closing(sqlite3.connect(collection.path)) as connection, connection:
        connection.execute(statement)


def test_a_damaged_record_is_said_and_its_conversation_can_be_deleted(filled, collection):
    spoil(collection, "UPDATE turns SET record = '[[[' WHERE slot = 1")
    conversation = filled.list()[-1].conversation_id
    with pytest.raises(CollectionError, match=r"A stored answer is damaged.*Delete its conversation"):
        filled.turns(conversation)
    assert len(filled.turns(filled.list()[0].conversation_id)) == 1
    filled.delete(conversation)
    assert [one.title for one in filled.list()] == ["Ships"]
    require_sound(collection.path)


@in_every_home
def test_an_answer_that_cannot_be_stored_changes_nothing(filled):
    before = all_of(filled)
    with pytest.raises(CollectionError, match="cannot be stored: it holds half a character"):
        filled.add(filled.list()[0].conversation_id, made_turn("\ud800"))
    assert all_of(filled) == before


def test_nothing_else_is_touched(collection, filled, data_dir):
    documents, generation = contents(collection), collection.generation()
    caches = {name for name in everything_in(data_dir) if ".cache" in name}
    filled.delete(filled.list()[0].conversation_id)
    assert (contents(collection), collection.generation()) == (documents, generation)
    assert {name for name in everything_in(data_dir) if ".cache" in name} == caches
    collection.delete_document("d1")
    assert len(filled.list()) == 1
    require_sound(collection.path)


def test_conversations_go_where_the_file_goes(filled, collection, data_dir):
    wanted = all_of(filled)
    assert all_of(opened(data_dir, "Birds")) == wanted
    shutil.copy(collection.path, data_dir / "Copy.sqlite")
    assert all_of(opened(data_dir, "Copy")) == wanted
    rename_collection(data_dir, "Birds", "Owls")
    assert all_of(opened(data_dir, "Owls")) == wanted


@in_every_home
def test_a_copy_of_chunks_has_none(filled, collection, data_dir):
    made = copy_chunks(collection, data_dir, "Some", collection.chunk_ids().tolist())
    assert Conversations(made).list() == []


@in_every_home
def test_exports_and_imports_take_them_along_unless_asked_not_to(filled, collection, data_dir, tmp_path):
    wanted = all_of(filled)
    export_collection(collection, tmp_path / "with")
    export_collection(collection, tmp_path / "without", conversations=False)
    assert all_of(Conversations(import_collection(data_dir, tmp_path / "with", "With"))) == wanted
    without = import_collection(data_dir, tmp_path / "without", "Without")
    assert Conversations(without).list() == []
    assert contents(without) == contents(collection)
    assert b"Zoos, which" in (tmp_path / "with").read_bytes()
    assert b"Zoos, which" not in (tmp_path / "without").read_bytes()
    assert all_of(filled) == wanted


def test_an_export_in_use_can_be_talked_to_and_exported_again(filled, collection, data_dir, tmp_path):
    export_collection(collection, tmp_path / "out")
    shutil.copy(tmp_path / "out", data_dir / "Used.sqlite")
    used = opened(data_dir, "Used")
    used.add(used.create(), made_turn("Again?"))
    copy = Conversations(import_collection(data_dir, data_dir / "Used.sqlite", "Copy"))
    assert all_of(copy) == all_of(used)
    assert copy.create() > used.list()[0].conversation_id


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE turns SET record = 'x' WHERE slot = 2", "'Where do owls live.': A stored answer is damaged"),
        ("UPDATE turns SET record = json_set(record, '$.version', 99)", "newer version of this program"),
        ("UPDATE turns SET answer = 'Never.' WHERE slot = 2", "a turn of its conversation .* is malformed"),
        ("UPDATE turns SET question = x'00'", "a turn of its conversation .* is malformed"),
        ("UPDATE turns SET slot = -1 WHERE slot = 2", "a turn of its conversation .* is malformed"),
        ("UPDATE turns SET slot = 1.5 WHERE slot = 2", "a turn of its conversation .* is malformed"),
        ("UPDATE turns SET is_chosen = 0 WHERE slot = 2", "exactly one chosen turn"),
        ("UPDATE turns SET is_chosen = 5 WHERE slot = 2", "a turn of its conversation .* is malformed"),
        ("UPDATE turns SET conversation_id = 99 WHERE slot = 2", "4 turns|turns where"),
        ("UPDATE conversations SET title = ''", "its conversation '' is malformed"),
        ("UPDATE conversations SET title = x'ff'", "its conversation .* is malformed"),
        (f"UPDATE conversations SET title = '{'long' * 99}'", "its conversation .* is malformed"),
        ("UPDATE conversations SET changed_at = 'today'", "damaged: Invalid isoformat"),
        ("UPDATE conversations SET changed_at = '2026-11-20'", "its conversation .* is malformed"),
        ("UPDATE conversations SET conversation_id = -1 WHERE title = 'Ships'", "its conversation .* is malformed"),
    ],
)
def test_conversations_that_this_program_does_not_write_are_not_taken_in(
    filled, collection, data_dir, tmp_path, statement, message
):
    export_collection(collection, tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out")) as connection, connection:
        connection.execute(statement)
        connection.execute("DELETE FROM meta WHERE key = ?", (schema.CONVERSATIONS_DIGEST,))
    with pytest.raises(CollectionError, match=rf"(?s)'out'.*({message})"):
        import_collection(data_dir, tmp_path / "out", "Copy")
    assert not (data_dir / "Copy.sqlite").exists()


def test_conversations_are_held_to_the_digest_of_their_export(filled, collection, data_dir, tmp_path):
    export_collection(collection, tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out")) as connection, connection:
        connection.execute("UPDATE conversations SET title = 'Shops' WHERE title = 'Ships'")
    with pytest.raises(CollectionError, match=r"'out' is damaged: its conversations differ from the exported ones"):
        import_collection(data_dir, tmp_path / "out", "Copy")
