"""JSON files as programs write them: lists, envelopes, records by key, nested records; no record is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.loading import load_document
from rag.types import Document

DOOR = "The side door of the depot jams when it rains and has to be lifted to close."
LAMP = "Two lamps over the ramp are out, drivers cannot see the edge at night."
RECORDS = [
    {"id": 11, "title": "Door jams", "body": DOOR, "tags": ["door", "depot"], "opened": {"by": "Ada", "at": None}},
    {"id": 12, "title": "Lamp out", "body": LAMP, "tags": [], "opened": {"by": "Ben", "at": "2025-02-20"}},
]
ROWS = [f"Door jams\n{DOOR}", f"Lamp out\n{LAMP}"]


def loaded(value: object) -> Document:
    return load_document("a.json", json.dumps(value).encode())


def row_texts(document: Document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


@pytest.mark.parametrize(
    "value",
    [
        RECORDS,
        {"results": RECORDS},
        {"count": 2, "next": None, "results": RECORDS},
        {"data": {"tickets": {"items": RECORDS}}, "took": 3},
        {"columns": list(RECORDS[0]), "index": [0, 1], "data": [list(record.values()) for record in RECORDS]},
        {name: {str(row): record[name] for row, record in enumerate(RECORDS)} for name in RECORDS[0]},
    ],
)
def test_records_are_rows_wherever_the_list_is(value):
    document = loaded(value)
    assert row_texts(document) == ROWS
    assert document.rows[1].fields[:2] == (("id", "12"), ("title", "Lamp out"))
    assert dict(document.rows[0].fields)["tags"] == "door, depot"
    assert dict(document.rows[1].fields)["opened.by"] == "Ben"


def test_values_outside_the_list_are_named():
    document = loaded({"count": 2, "next": None, "results": RECORDS})
    assert document.notes == ("The rows are those of 'results'. The file also says: count: 2.",)
    long = loaded({"about": "word " * 100, "results": RECORDS * 5})
    assert long.text.endswith("word")
    assert long.notes == ("The last row has the values outside 'results'.",)


def test_records_by_key_keep_their_keys():
    document = loaded({"T-11": RECORDS[0], "T-12": RECORDS[1]})
    assert row_texts(document) == ROWS
    assert [row.fields[0] for row in document.rows] == [("key", "T-11"), ("key", "T-12")]


def test_a_list_of_strings_is_a_row_each():
    assert row_texts(loaded(["Owls hunt.", "Moles dig."])) == ["Owls hunt.", "Moles dig."]
    assert row_texts(loaded({"animals": ["Owl", "Mole"], "sounds": ["hoot", "squeak"]})) == [
        "animals: Owl; sounds: hoot",
        "animals: Mole; sounds: squeak",
    ]


def test_lists_of_cells_are_a_table_with_a_header():
    document = loaded([["site", "opened"], ["Hull", 1999], ["York", 2004]])
    assert row_texts(document) == ["site: Hull; opened: 1999", "site: York; opened: 2004"]


def test_two_lists_are_told_apart():
    document = loaded({"people": [{"name": "Ada", "city": "Hull"}], "pets": [{"name": "Rex", "kind": "dog"}]})
    assert row_texts(document) == ["name: Ada; city: Hull; list: people", "name: Rex; kind: dog; list: pets"]


@pytest.mark.parametrize(
    "value",
    [
        {"name": "app", "scripts": {"test": "pytest"}, "authors": [{"name": "Ada"}], "about": "word " * 40},
        [1, 2, 3],
        {"boat": {"name": "Anna", "seats": [1, 2]}},
        {"title": "Door jams", "text": DOOR},
    ],
)
def test_settings_and_single_objects_stay_text(value):
    document = loaded(value)
    assert document.rows == ()
    assert json.loads(document.text) == value


def test_a_name_that_is_there_twice_keeps_both_values():
    note = "In an object of the file, 'tag' is there more than once; each value was kept."
    rows = ["id: 1; tag: x; tag 2: y", "id: 2; tag: z"]
    records = ['{"id": 1, "tag": "x", "tag": "y"}', '{"id": 2, "tag": "z"}']
    for name, text in (("a.json", f"[{', '.join(records)}]"), ("a.jsonl", "\n".join(records))):
        document = load_document(name, text.encode())
        assert (row_texts(document), document.notes) == (rows, (note,))
    single = load_document("a.json", b'{"pump": {"kind": "old", "kind": "new"}}')
    assert json.loads(single.text) == {"pump": {"kind": "old", "kind 2": "new"}}
    assert single.notes[0].startswith("In an object of the file, 'kind'")


def test_objects_one_after_the_other_are_rows_wherever_their_lines_end():
    content = '{"id": 1,\n "state": "open"}\n{"id": 2,\n "state": "shut"}\n'
    assert row_texts(load_document("a.json", content.encode())) == ["id: 1; state: open", "id: 2; state: shut"]


@pytest.mark.parametrize(("names", "rows"), [("columns", "data"), ("header", "rows"), ("fields", "values")])
def test_names_and_rows_apart_are_a_table(names, rows):
    document = loaded({names: ["site", "opened"], rows: [["Hull", 1999], ["York", None]]})
    assert row_texts(document) == ["site: Hull; opened: 1999", "site: York"]


def test_the_items_of_a_list_stay_apart():
    document = loaded([{"n": 1, "tags": ["a, b", "c"]}, {"n": 2, "tags": ["d", "e"]}])
    assert [dict(row.fields)["tags"] for row in document.rows] == ["a, b; c", "d, e"]


def test_records_with_other_keys_are_rows_with_their_own_text():
    lines = [{"id": 1, "text": DOOR}, {"id": 2, "description": LAMP}, {"id": 3, "title": "Lift stuck"}, {"id": 4}]
    document = load_document("a.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert row_texts(document) == [DOOR, LAMP, "Lift stuck", "id: 4"]
    assert [dict(row.fields)["id"] for row in document.rows] == ["1", "2", "3", "4"]


def test_the_parts_of_a_formatted_message_are_one_text():
    messages = [
        {"id": 1, "from": "Ada", "text": ["See ", {"type": "bold", "text": "the red box"}, " at the desk."]},
        {"id": 2, "from": "Ben", "text": "It is empty, so I took the key to the caretaker."},
    ]
    document = loaded({"name": "Garden group", "type": "private_group", "messages": messages})
    assert row_texts(document)[0] == "See the red box at the desk."
    assert document.rows[0].fields == (("id", "1"), ("from", "Ada"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text("ab cd.", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz.", max_size=3), inner, max_size=3),
    max_leaves=12,
)


def leaves(value: object) -> list[str]:
    """The texts and numbers in a value."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [" ".join(str(value).split())] if isinstance(value, str | int) and not isinstance(value, bool) else []


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("xyz", max_size=3), VALUES, max_size=4) | st.lists(VALUES, max_size=4))
def test_every_value_is_in_the_text_a_field_or_a_note(value):
    document = loaded(value)
    fields = "\n".join(text for row in document.rows for _, text in row.fields)
    said = " ".join("\n".join([document.text, fields, *document.notes]).split())
    for leaf in leaves(value):
        assert leaf in said


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.text("xyz.", max_size=3), VALUES, min_size=1, max_size=4), min_size=1, max_size=5))
def test_every_record_with_a_value_is_a_row(records):
    filled = sum(any(leaves(record)) for record in records)
    assert filled <= len(loaded(records).rows) <= len(records)
