"""A reader cannot change anything, by any control of any page, whether it is shown or its message is forged."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, ButtonGroup, ChatInput, Checkbox, FileUploader, Toggle, Widget

from pages.shared.session import person as session_person
from pages.shared.session.resources import task_board
from rag import config
from rag.access import person as access_person
from rag.access.person import Person, identify_by
from rag.evaluation.collection_exams import documents_of, sample_exam
from rag.evaluation.collection_run import Setting, new_run
from rag.evaluation.drafting.draft import Draft
from rag.evaluation.drafting.waiting import add_draft
from rag.evaluation.stored.questions import add_questions
from rag.evaluation.stored.runs import save_run
from rag.runtime.background import TaskBoard
from rag.settings import SavedSettings, save_settings
from rag.store.collection import Collection
from tests.pages.support.app import open_dialog, start, texts
from tests.support.access.locked import READER_LINK, locked_secrets

PAGES = sorted(path.name for path in (config.ROOT / "pages").glob("*.py") if path.name != "__init__.py")
DIALOGS = {"_new": False, "_re_embed": True, "_rename": True, "_import": False, "_delete": True}
"""The dialogs of the collection picker, and whether they are about the open collection."""
OF_CONVERSATIONS = {"conversations", "turns", "retrievals", "sqlite_sequence"}
MOST_STEPS = 60
VISITS: list[tuple[str, dict[str, str]]] = [
    *((page, {}) for page in PAGES),
    ("evaluate.py", {"exam": "my-questions"}),
    ("map.py", {"chunk": "1"}),
    ("search.py", {"query": "paid leave"}),
]
"""Pages, and pages with something opened: the exam of stored questions, a chunk of the map, a search."""


@pytest.fixture
def filled(sample: Collection, data_dir: Path, server, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """The sample with questions, a draft, an unfinished run and saved settings, and a model server."""
    exam = sample_exam(documents_of(sample))
    assert exam is not None
    asked = exam.questions[:2]
    add_questions(data_dir, sample.uid, asked)
    add_draft(data_dir, sample.uid, Draft("Which leave?", asked[0].spans[0], 0.5, 2, "ollama:scripted:latest"))
    save_run(data_dir, new_run(sample, exam, (Setting("dense", 5),)))
    save_settings(data_dir, SavedSettings())
    # What a background task does is checked in tests/rag/access; here none of them runs for minutes.
    begin = TaskBoard.start

    def start_short(board: TaskBoard, *args, **more) -> None:
        if board is not task_board():
            begin(board, *args, **more)

    monkeypatch.setattr(TaskBoard, "start", start_short)
    return sample


@pytest.fixture
def acting_reader() -> Iterator[None]:
    """Pages draw everything as for an editor, but the one who acts is a reader: every control is a forged message."""
    before = list(access_person._identifiers)
    identify_by(lambda: Person("reader", "ben"))
    yield
    access_person._identifiers[:] = before


def stored(folder: Path) -> dict[str, object]:
    """All that is stored, except caches and what belongs to conversations."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or ".cache/" in name or name.endswith(".lock") or path.name == ".last-used":
            continue
        found[name] = _tables(path) if path.suffix == ".sqlite" else path.read_bytes()
    return found


def _tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names - OF_CONVERSATIONS}


def controls(app: AppTest) -> list[Widget]:
    """The controls that act at once: those that a browser user cannot use, and thumbs apart, no choices."""
    thumbs = [one for one in app.button_group if one.label == "Does this passage answer the question?"]
    found = [*app.button, *app.toggle, *app.checkbox, *app.chat_input, *app.file_uploader, *thumbs]
    return [one for one in found if isinstance(one, Widget) and not one.proto.disabled]


def name_of(control: Widget) -> tuple[str, str]:
    """Kind and key of a control, or its label; of many that differ by a number, one is enough."""
    return type(control).__name__, re.sub(r"\d+", "0", str(control.key or control.label))


def use(app: AppTest, control: Widget) -> None:
    """Fill in the fields of the page, and click, switch, ask, judge or upload."""
    for field in [*app.text_area, *app.text_input]:
        if not field.proto.disabled and (not field.value or "URL" in field.label):
            field.set_value("http://127.0.0.1:1" if "URL" in field.label else "Where do owls live?")
    for box in app.selectbox:
        if box.value is None and not box.proto.disabled:
            box.select_index(0)
    match control:
        case Button():
            control.click()
        case Toggle() | Checkbox():
            control.set_value(not control.value)
        case ChatInput():
            control.set_value("How many days of paid leave do full-time staff have?")
        case FileUploader():
            control.set_value([("owls.txt", b"Owls live in trees.", "text/plain")])
        case ButtonGroup():
            control.set_value(1)
    app.run()


def changes(opened: Callable[[], AppTest], folder: Path) -> list[tuple[str, str]]:
    """Use every control that the page shows, and those that come up meanwhile; returns those that changed something."""
    before, changing, done = stored(folder), [], set()
    app, is_fresh = opened(), True
    while len(done) < MOST_STEPS:
        control = next((one for one in controls(app) if name_of(one) not in done), None)
        if control is not None:
            done.add(name_of(control))
            use(app, control)
            is_fresh = False
            if stored(folder) != before:
                changing.append(name_of(control))
                before = stored(folder)
        elif is_fresh:
            break
        else:
            app, is_fresh = opened(), True
    assert done
    return changing


@pytest.mark.slow
@pytest.mark.parametrize(("page", "query"), VISITS, ids=lambda one: str(one))
def test_no_control_of_a_page_lets_a_reader_change_anything(filled, data_dir, acting_reader, page: str, query):
    assert changes(lambda: start(page, **query), data_dir) == []


@pytest.mark.parametrize("dialog", DIALOGS)
def test_no_dialog_lets_a_reader_change_anything(filled, data_dir, acting_reader, dialog: str):
    def opened() -> AppTest:
        return open_dialog(dialog, of_collection=DIALOGS[dialog])

    assert changes(opened, data_dir) == []


def as_reader(page: str) -> AppTest:
    app = AppTest.from_file(str(config.ROOT / "app.py"), default_timeout=120)
    app.secrets = locked_secrets()
    app.query_params["view"] = READER_LINK
    app.session_state["wanted-page"] = page.removesuffix(".py")
    return app.run()


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_sees_every_page_without_controls_for_changes(filled, data_dir, monkeypatch, page: str):
    monkeypatch.setattr(session_person, "address", lambda: "0.0.0.0")
    before = {**stored(data_dir), "last used": (data_dir / ".last-used").exists()}
    app = as_reader(page)
    assert not app.exception
    assert not app.error, texts(app)
    labels = {one.label for one in app.button if not one.proto.disabled}
    assert not labels & {
        "New", "Run", "Continue", "Delete", "Delete this run", "Use this index", "Use this prompt", "Approve", "Reject",
        "Keep as baseline", "Add question", "Save question", "Connect", "Connect to server", "Download",
        "Compare settings", "Start drafting",
    }  # fmt: skip
    assert not app.file_uploader or page == "evaluate.py"
    assert {**stored(data_dir), "last used": (data_dir / ".last-used").exists()} == before


def test_the_same_walk_as_an_editor_changes_something(filled, data_dir):
    """So that the walk would notice a change."""
    assert changes(lambda: start("models.py"), data_dir)
