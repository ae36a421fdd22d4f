"""A reader changes nothing, whatever function is called, also in the background; an editor and one's own machine do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag.access import person as access_person
from rag.access.person import NOBODY, OWNER_OF_ALL, Person, acting, acting_as, identify_by, require_editor
from rag.answering.prompt_template import choose_prompt
from rag.embedding.embedder import load_embedder
from rag.errors import AccessError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_run import CollectionRun, Setting, new_run
from rag.evaluation.drafting.draft import Draft
from rag.evaluation.drafting.waiting import add_draft, drop_decided, set_aside_drafts
from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.evaluation.stored.questions import add_questions, judge, remove_questions, set_aside_questions
from rag.evaluation.stored.runs import delete_run, mark_baseline, save_run
from rag.index.loading import choose_index
from rag.index.spec import IndexSpec
from rag.ingest.jobs import IngestJobs
from rag.map.clusters.model_names import keep_name
from rag.runtime.background import TaskBoard
from rag.servers.downloads import ModelDownloads
from rag.servers.ollama import OllamaServer
from rag.settings import SavedSettings, save_settings
from rag.store.collection import Collection
from rag.transfer.files import delete_collection, export_collection, import_collection, rename_collection
from rag.transfer.selected_chunks import copy_chunks
from tests.support.collections import CHUNKING, everything_in, plain_document, put, rich_collection
from tests.support.fakes import WordEmbedder

READER = Person("reader", "ben")
SPAN = GoldSpan("owls.txt", 0, 3, 1, "Owl")
QUESTION = ExamQuestion("q1", "Where do owls live?", (SPAN,), "written", "written")
DRAFT = Draft("Where do owls live?", SPAN, 0.5, 2, "ollama:model")
NOWHERE = "http://127.0.0.1:9"


@dataclass
class World:
    """A collection with a question, a draft and a run, and a file to import."""

    folder: Path
    collection: Collection
    run: CollectionRun
    file: Path


@pytest.fixture
def world(data_dir: Path, tmp_path: Path) -> World:
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    run = new_run(collection, CollectionExam("exam", (QUESTION,)), (Setting("dense", 5),))
    save_run(data_dir, run)
    add_questions(data_dir, collection.uid, [QUESTION])
    add_draft(data_dir, collection.uid, DRAFT)
    save_settings(data_dir, SavedSettings())
    export_collection(collection, tmp_path / "file")
    return World(data_dir, collection, run, tmp_path / "file")


def add_document(world: World) -> None:
    put(world.collection, WordEmbedder(), plain_document("new.txt", "A new owl. " * 9))


CHANGES: dict[str, Callable[[World], object]] = {
    "add a document": add_document,
    "delete documents": lambda one: one.collection.delete_documents(["id of owls.txt"]),
    "a setting": lambda one: one.collection.set_setting("key", "value"),
    "the prompt": lambda one: choose_prompt(one.collection, None),
    "the index": lambda one: choose_index(one.collection, IndexSpec("flat")),
    "a new collection": lambda one: Collection.create(one.folder, "New", one.collection.spec.embedding, CHUNKING),
    "an import": lambda one: import_collection(one.folder, one.file, "Copy"),
    "a selection": lambda one: copy_chunks(one.collection, one.folder, "Copy", one.collection.chunk_ids().tolist()[:2]),
    "a new name": lambda one: rename_collection(one.folder, "Birds", "Bats"),
    "delete a collection": lambda one: delete_collection(one.folder, "Birds"),
    "saved settings": lambda one: save_settings(one.folder, SavedSettings(ollama_host="http://127.0.0.1:1")),
    "a question": lambda one: add_questions(one.folder, one.collection.uid, [QUESTION]),
    "delete a question": lambda one: remove_questions(one.folder, one.collection.uid, ["q1"]),
    "put questions aside": lambda one: set_aside_questions(one.folder, one.collection.uid),
    "a judgement": lambda one: judge(one.folder, one.collection.uid, "Where?", SPAN, 1),
    "a draft": lambda one: add_draft(one.folder, one.collection.uid, DRAFT),
    "decided drafts": lambda one: drop_decided(one.folder, one.collection.uid),
    "put drafts aside": lambda one: set_aside_drafts(one.folder, one.collection.uid),
    "a run": lambda one: save_run(one.folder, one.run),
    "a baseline": lambda one: mark_baseline(one.folder, one.run, is_baseline=True),
    "delete a run": lambda one: delete_run(one.folder, one.run),
    "an ingest": lambda one: IngestJobs().start(
        "Adding", one.collection.uid, lambda report, cancelled: iter(()), n_files=1, bytes_total=1
    ),
    "cancel an ingest": lambda one: IngestJobs().cancel("ingest-1"),
    "download a model": lambda one: ModelDownloads().start(NOWHERE, "model", lambda: None),
    "stop a download": lambda one: ModelDownloads().stop("download-model"),
    "pull a model": lambda one: OllamaServer(NOWHERE).pull("model"),
    "delete a model": lambda one: OllamaServer(NOWHERE).delete("model"),
    "names of clusters": lambda one: keep_name(one.collection.cache_folder, one.collection.uid, "key", "Owls"),
    "an embedding model of the hub": lambda one: load_embedder("nobody/no-such-model"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_reader_changes_nothing(world: World, change: Callable[[World], object]):
    before = everything_in(world.folder)
    with acting_as(READER), pytest.raises(AccessError, match=r"an editor can make changes. Log in as an editor"):
        change(world)
    assert everything_in(world.folder) == before


def test_an_editor_does(world: World):
    with acting_as(Person("editor", "anna")):
        for name in ("add a document", "a setting", "saved settings", "a judgement", "a baseline", "a new name"):
            before = everything_in(world.folder)
            CHANGES[name](world)
            assert everything_in(world.folder) != before, name


@pytest.fixture
def identified() -> Iterator[Callable[[Person | None], None]]:
    """Sets who a page says is acting."""
    before = list(access_person._identifiers)
    yield lambda found: identify_by(lambda: found)
    access_person._identifiers[:] = before


def test_without_a_page_it_is_ones_own_machine(identified):
    identified(None)
    assert acting() == OWNER_OF_ALL
    require_editor()


def test_a_page_says_who_acts(identified):
    identified(READER)
    assert acting() == READER
    with acting_as(OWNER_OF_ALL):
        require_editor()
    with pytest.raises(AccessError, match=r"^Nothing was changed: you can look"):
        require_editor()
    identified(NOBODY)
    with pytest.raises(AccessError):
        require_editor()


def test_a_task_in_the_background_acts_for_whoever_started_it(identified):
    seen: list[Person] = []
    board = TaskBoard()
    with acting_as(READER):
        board.start("one", "one", lambda report: seen.append(acting()))
    identified(Person("editor", "anna"))
    board.start("two", "two", lambda report: seen.append(acting()))
    board.wait("two")
    assert seen == [READER, Person("editor", "anna")]


def test_a_reader_stops_their_own_tasks_and_no_others():
    board, end = TaskBoard(one_at_a_time=False), threading.Event()
    with acting_as(READER):
        board.start("mine", "mine", lambda report: end.wait(60) and None, stop_requested=end)
        board.stop("mine")
        board.wait("mine")
    assert end.is_set()
    going_on = threading.Event()
    board.start("theirs", "theirs", lambda report: going_on.wait(60) and None, stop_requested=going_on)
    with acting_as(READER), pytest.raises(AccessError, match="Nothing was stopped"):
        board.stop("theirs")
    assert not going_on.is_set()
    board.stop("theirs")
    board.wait("theirs")


def test_what_a_reader_asks_for_is_counted(world: World):
    chunk_id = int(world.collection.chunk_ids()[0])
    with acting_as(READER):
        world.collection.count_retrieved([chunk_id])
    assert world.collection.retrieved_counts() == {chunk_id: 1}
