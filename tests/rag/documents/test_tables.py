"""Tables with unusual rows and headers: nothing is lost, and every column has a name of its own."""

from __future__ import annotations

from rag.documents.loading import load_document, table_columns
from rag.documents.readers.tables import MAX_ROWS, name_rows, read_delimited


def test_repeated_column_names_never_collide():
    rows = name_rows(["a 3", "a", "a", "a"], [["1", "2", "3", "4"]])
    names = [name for name, _ in rows[0]]
    assert len(set(names)) == 4
    assert [value for _, value in rows[0]] == ["1", "2", "3", "4"]


def test_blank_lines_do_not_count_as_rows():
    blank = "\n" * (MAX_ROWS + 10)
    table = read_delimited("t.csv", f"name,text\n{blank}owl,hunts\nmole,digs\n")
    assert table.rows == [(("name", "owl"), ("text", "hunts")), (("name", "mole"), ("text", "digs"))]


def test_json_lines_in_a_json_file_name_the_lines_that_are_left_out():
    content = b'{"text": "Owls hunt."}\n{broken\n{"text": "Moles dig."}\n'
    assert load_document("t.json", content).notes == load_document("t.jsonl", content).notes
    assert "line 2" in " ".join(load_document("t.json", content).notes)


def test_every_kind_of_table_offers_its_columns():
    rows = b"name\ttext\nowl\tIt hunts at night over the fields.\n"
    columns = table_columns("t.tab", rows)
    assert columns is not None
    assert columns.names == ("name", "text")
