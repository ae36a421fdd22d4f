"""A conversation is seen by whoever began it, and by the owner of all; for anybody else it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.access.person import Person, acting_as
from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.transfer.files import export_collection, import_collection
from tests.support.turns import made_turn

ANNA, BEN = Person("editor", "anna"), Person("reader", "ben")
GONE = r"no longer in the collection.*Reload the page"


def of(person: Person, collection: Collection) -> Conversations:
    with acting_as(person):
        return Conversations(collection)


@pytest.fixture
def annas(collection: Collection) -> Conversations:
    """Anna's conversations: one with a question in two versions."""
    conversations = of(ANNA, collection)
    conversation_id = conversations.create("Owls")
    conversations.add(conversation_id, made_turn("Where do owls live?"))
    conversations.add_version(conversation_id, 0, made_turn("Where do owls sleep?"))
    return conversations


def titles(conversations: Conversations) -> list[str]:
    return [one.title for one in conversations.list()]


def test_everybody_sees_their_own_and_the_owner_of_all_sees_all(collection, annas):
    bens = of(BEN, collection)
    bens.create("Ships")
    on_this_machine = Conversations(collection)
    on_this_machine.create("Mine")
    assert titles(annas) == ["Owls"]
    assert titles(bens) == ["Ships"]
    assert sorted(titles(on_this_machine)) == ["Mine", "Owls", "Ships"]


def test_two_objects_of_the_same_person_see_the_same(collection, annas):
    assert titles(of(Person("reader", "anna"), collection)) == ["Owls"]


@pytest.mark.parametrize(
    "use",
    [
        lambda bens, turn_id: bens.turns(1),
        lambda bens, turn_id: bens.n_slots(1),
        lambda bens, turn_id: bens.versions(1, 0),
        lambda bens, turn_id: bens.history(1),
        lambda bens, turn_id: bens.rename(1, "Stolen"),
        lambda bens, turn_id: bens.add(1, made_turn("Mine now?")),
        lambda bens, turn_id: bens.add_version(1, 0, made_turn("Mine now?")),
        lambda bens, turn_id: bens.replace(turn_id, made_turn("Mine now?")),
        lambda bens, turn_id: bens.choose(turn_id),
        lambda bens, turn_id: bens.fork(1, 1),
    ],
)
def test_nothing_can_be_done_with_that_of_someone_else(collection, annas, use: Callable[[Conversations, int], object]):
    before = annas.versions(1, 0)
    with pytest.raises(CollectionError, match=GONE):
        use(of(BEN, collection), before[0].turn_id)
    assert annas.versions(1, 0) == before
    assert titles(annas) == ["Owls"]
    assert titles(of(BEN, collection)) == []


def test_deleting_that_of_someone_else_deletes_nothing(collection, annas):
    of(BEN, collection).delete(1)
    assert titles(annas) == ["Owls"]
    annas.delete(1)
    assert titles(annas) == []


def test_a_branch_belongs_to_whoever_made_it(collection, annas):
    annas.fork(1, 1)
    assert sorted(titles(annas)) == ["Owls", "Owls (2)"]
    assert titles(of(BEN, collection)) == []


def test_a_title_tells_nothing_about_those_of_others(collection, annas):
    bens = of(BEN, collection)
    bens.create("Owls")
    bens.add(2, made_turn("Which owls?"))
    annas.fork(1, 1)
    bens.fork(2, 1)
    assert sorted(titles(bens)) == ["Owls", "Owls (2)"]


def test_an_export_has_only_what_the_person_sees_and_an_import_is_theirs(
    collection, annas, data_dir: Path, tmp_path: Path
):
    bens = of(BEN, collection)
    bens.add(bens.create("Ships"), made_turn("Who sails the secret ship?"))
    with acting_as(ANNA):
        export_collection(collection, tmp_path / "file")
    assert b"secret ship" not in (tmp_path / "file").read_bytes()
    assert b"anna" not in (tmp_path / "file").read_bytes()
    carla = Person("editor", "carla")
    with acting_as(carla):
        copy = import_collection(data_dir, tmp_path / "file", "Copy")
    assert titles(of(carla, copy)) == ["Owls"]
    assert titles(of(ANNA, copy)) == []
    assert of(carla, copy).turns(1) == annas.turns(1)


def test_the_owner_of_all_exports_all(collection, annas, data_dir: Path, tmp_path: Path):
    of(BEN, collection).create("Ships")
    export_collection(collection, tmp_path / "file")
    copy = import_collection(data_dir, tmp_path / "file", "Copy")
    assert sorted(titles(Conversations(copy))) == ["Owls", "Ships"]
