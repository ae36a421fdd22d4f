"""Tables on the Documents page: their first rows and a role for each column, which decides what is added."""

from __future__ import annotations

import pytest

from rag.documents.column_roles import SETTING, roles_by_column
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.app import button, labelled, start, texts, wait_for_jobs

NOTE = "The pump in yard {i} does not start after the frost and hums loudly when it is switched on."
HEADER = "ticket,city,year,key,description"
TICKETS = "\n".join([HEADER, *(f"T-{i},Hull,{1990 + i},x{i},{NOTE.format(i=i)}" for i in range(30))]).encode()


@pytest.fixture
def empty(data_dir, embedder) -> Collection:
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    return Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())


def upload(app, *files: tuple[str, bytes]):
    app.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files])
    return app.run()


def add(app, collection: Collection) -> None:
    button(app, "Add ").click().run()
    assert not app.exception
    wait_for_jobs(app, collection)


def roles(app) -> dict[str, str]:
    return {one.label: one.value for one in app.selectbox if one.key.startswith("role-")}


def test_the_first_five_rows_and_a_role_with_its_reason_are_shown(empty):
    app = upload(start("documents.py"), ("tickets.csv", TICKETS))
    assert not app.exception
    assert list(app.dataframe[0].value["ticket"]) == ["T-0", "T-1", "T-2", "T-3", "T-4"]
    assert list(roles(app).values()) == ["label", "label", "number", "label", "text"]
    shown = texts(app)
    for said in ("each value is different", "the same in every row", "each value is a number", "mean 90 characters"):
        assert said in shown
    assert "Text of each row: description. Described by 3 labels, 1 number." in shown


def test_a_changed_role_decides_what_is_text_what_is_a_label_and_what_is_left_out(empty):
    app = upload(start("documents.py"), ("tickets.csv", TICKETS))
    for column, role in (("ticket", "text"), ("key", "ignore"), ("year", "label")):
        labelled(app.selectbox, column).set_value(role).run()
    assert "Guessed: Number" in texts(app)
    assert "Text of each row: ticket and description. Described by 2 labels." in texts(app)
    add(app, empty)
    first = empty.chunks()[0]
    assert first.text == f"T-0\n{NOTE.format(i=0)}"
    assert first.fields == (("city", "Hull"), ("year", "1990"))
    assert roles_by_column(empty.setting(SETTING)) == {"year": "label"}


def test_a_table_added_without_a_click_is_unchanged_when_it_is_added_again(empty):
    for outcome in ("added", "unchanged"):
        app = upload(start("documents.py"), ("tickets.csv", TICKETS))
        add(app, empty)
        assert f"· {outcome} ·" in texts(app)
    assert empty.setting(SETTING) is None


def test_tables_with_the_same_columns_are_asked_for_once(empty):
    files = [(f"{month}.csv", TICKETS.replace(b"Hull", city)) for month, city in (("may", b"York"), ("june", b"Ryde"))]
    app = upload(start("documents.py"), *files, ("notes.txt", b"Owls hunt at night."))
    assert len(roles(app)) == 5
    assert any("may" in one.label and "1 other file with the same columns" in one.label for one in app.expander)
    labelled(app.selectbox, "key").set_value("ignore").run()
    add(app, empty)
    tickets = [chunk for chunk in empty.chunks() if chunk.fields]
    assert len(tickets) == 60
    assert not any(dict(chunk.fields).get("key") for chunk in tickets)


def test_a_file_that_is_no_table_asks_nothing(empty):
    app = upload(start("documents.py"), ("notes.txt", b"Owls hunt."), ("data.json", b'{"a": {"b": 1}}'))
    assert not app.exception
    assert roles(app) == {}


def test_markup_in_a_columns_name_is_shown_as_it_stands(empty):
    content = TICKETS.replace(b"city", b"**city** [x](https://example.org)")
    app = upload(start("documents.py"), ("tickets.csv", content))
    assert not app.exception
    assert any("\\*\\*city" in one.label for one in app.selectbox)
    add(app, empty)
    assert "**city** [x](https://example.org)" in dict(empty.chunks()[0].fields)


def test_a_table_in_another_language_is_offered_another_model(empty):
    german = "Die Pumpe im Hof {i} springt nach dem Frost nicht an und brummt laut, sobald man sie einschaltet."
    rows = "\n".join(["nummer,beschreibung", *(f'{i},"{german.format(i=i)}"' for i in range(30_000))])
    app = upload(start("documents.py"), ("meldungen.csv", rows.encode()))
    assert "These files appear to be in German" in texts(app)
