"""Column roles: guessed from the first rows with a reason, chosen by a person, and kept through an ingest."""

from __future__ import annotations

import io
import json

import pytest

from rag.documents.column_roles import GUESSED, SETTING, ColumnRoles, roles_by_column, with_chosen
from rag.documents.loading import load_document, table_columns
from rag.documents.sources import SourceFile
from rag.errors import DocumentError
from rag.ingest.pipeline import copy_documents, ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.fakes import WordEmbedder

WORDS = WordEmbedder()
NOTE = "The pump in yard {i} does not start after the frost and hums loudly when it is switched on."
COLUMNS = (
    ("", "{i}", "ignore", "only counts the rows"),
    ("ticket", "T-{i}", "label", "each value is different"),
    ("title", "Pump {i} fails", "text", "a title, mean 13 characters"),
    ("description", NOTE, "text", "mean 90 characters"),
    ("city", "City {j}", "label", "17 different values"),
    ("opened", "2025-03-{d:02}", "date", "each value is a date"),
    ("cost", "{i},50 €", "number", "each value is a number in €"),
    ("zip", "{z}", "label", "a number that names something"),
    ("url", "https://example.org/{i}", "link", "each value is a web address"),
    ("paid", "{b}", "label", "2 different values"),
    ("country", "UK", "label", "the same in every row"),
    ("closed", "", "ignore", "no values"),
    ("stars", "{s}", "number", "each value is a number"),
)


def values(cell: str, i: int) -> str:
    return cell.format(i=i, j=i % 17, d=1 + i % 28, z=10_000 + i, b="yes" if i % 3 else "no", s=1 + i % 5)


ROWS = [{name: values(cell, i) for name, cell, _, _ in COLUMNS} for i in range(34)]


def csv_of(rows: list[dict[str, str]]) -> bytes:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(";".join(line) for line in lines).encode()


def test_each_column_has_a_role_and_a_reason_in_plain_words():
    found = table_columns("tickets.csv", csv_of(ROWS))
    assert found is not None
    expected = [(name or "column 1", role, reason) for name, _, role, reason in COLUMNS]
    assert [(one.name, one.role, one.reason) for one in found.columns] == expected
    assert found.n_rows == 34
    assert found.rows[:2] == tuple(tuple(row.values()) for row in ROWS[:2])
    assert len(found.rows) == 5


def parquet_of(rows: list[dict[str, str]]) -> bytes:
    from pyarrow import Table, parquet

    stream = io.BytesIO()
    parquet.write_table(Table.from_pylist(rows), stream)
    return stream.getvalue()


def workbook_of(rows: list[dict[str, str]]) -> bytes:
    from openpyxl import Workbook

    book, stream = Workbook(), io.BytesIO()
    for line in [list(rows[0]), *(list(row.values()) for row in rows)]:
        book.active.append(line)
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.tsv", lambda rows: csv_of(rows).replace(b";", b"\t")),
        ("t.json", lambda rows: json.dumps(rows).encode()),
        ("t.jsonl", lambda rows: "\n".join(map(json.dumps, rows)).encode()),
        ("t.parquet", parquet_of),
        ("t.xlsx", workbook_of),
    ],
)
def test_every_kind_of_table_has_the_same_roles(name, write):
    named = [{column: value for column, value in row.items() if column not in ("", "closed")} for row in ROWS]
    found = table_columns(name, write(named))
    assert found is not None
    expected = [(column, role) for column, _, role, _ in COLUMNS if column not in ("", "closed")]
    assert [(one.name, one.role) for one in found.columns] == expected


@pytest.mark.parametrize(
    ("cells", "role", "reason"),
    [
        (["2025-01-01"] * 19 + ["n/a"] + ["2024-02-02"], "date", "each value is a date"),
        ([*(f"1{i}.01.2025" for i in range(9)), *(f"1{i}.02.2025" for i in range(10)), "soon"], "date", "95 %"),
        ([*map(str, range(18)), "?", "many"], "number", "94 % of the values are numbers"),
        (["Moor Farm in the valley near Leeds", "Hill School at the end of the road"] * 5, "label", "2 different"),
        (["www.example.org/a", "https://example.org"], "link", "each value is a web address"),
        (["x"], "label", "1 value"),
    ],
)
def test_dates_numbers_and_links_are_told_from_labels(cells, role, reason):
    rows = [{"id": f"A{i}", "some": cell, "text": NOTE.format(i=i)} for i, cell in enumerate(cells)]
    found = table_columns("t.jsonl", "\n".join(map(json.dumps, rows)).encode())
    assert found is not None
    assert found.columns[1].role == role
    assert reason in found.columns[1].reason


def test_a_column_that_is_empty_in_the_first_thousand_rows_is_not_thrown_away():
    rows = [{"text": NOTE.format(i=i), "late": "yes" if i == 1_500 else ""} for i in range(1_600)]
    content = csv_of(rows)
    found = table_columns("t.csv", content)
    assert found is not None
    assert (found.columns[1].role, found.columns[1].reason) == ("label", "no values in the first 1,000 rows")
    assert load_document("t.csv", content).rows[1_500].fields == (("late", "yes"),)


@pytest.mark.parametrize(("name", "write"), [("t.csv", csv_of), ("t.xlsx", workbook_of)])
def test_an_ignored_column_is_nowhere_in_the_document_and_a_note_says_so(name, write):
    rows = [{"text": NOTE.format(i=i), "city": "Hull", "password": f"secret-{i}"} for i in range(4)]
    document = load_document(name, write(rows), roles=ColumnRoles(("text",), ("password",)))
    assert "secret" not in document.text
    assert {row.fields for row in document.rows} == {(("city", "Hull"),)}
    assert "Column 'password' was left out, as chosen." in document.notes
    with pytest.raises(DocumentError, match="has no column 'pasword'"):
        load_document(name, write(rows), roles=ColumnRoles(ignored=("pasword",)))


def test_a_column_that_a_program_added_to_count_the_rows_is_left_out_but_no_other_numbers():
    rows = [{"": str(i), "text": NOTE.format(i=i), "year": str(i)} for i in range(4)]
    document = load_document("t.csv", csv_of(rows))
    assert document.rows[2].fields == (("year", "2"),)
    assert "Column 'column 1' only counts the rows, so it was left out." in document.notes
    kept = load_document("t.csv", csv_of(rows), roles=ColumnRoles(labels=(("column 1", "number"),)))
    assert kept.rows[2].fields == (("column 1", "2"), ("year", "2"))


def test_without_a_text_column_a_row_is_all_its_values_but_the_ignored_ones():
    rows = [{"text": NOTE.format(i=i), "city": "Hull", "key": "abc"} for i in range(4)]
    document = load_document("t.csv", csv_of(rows), roles=ColumnRoles((), ("key",)))
    assert document.text.startswith(f"text: {NOTE.format(i=0)}; city: Hull\n")


def test_only_the_document_has_a_fingerprint_and_that_of_chosen_text_columns_is_as_before():
    assert GUESSED.fingerprint() == ColumnRoles(labels=(("year", "label"),)).fingerprint() == ""
    assert ColumnRoles(("text",)).fingerprint() == repr(("text",))
    prints = {ColumnRoles(text, ignored).fingerprint() for text in (None, (), ("a",)) for ignored in ((), ("b",))}
    assert len(prints) == 6


def test_the_roles_of_labels_stay_with_the_collection_and_its_copy(data_dir):
    collection = Collection.create(data_dir, "c", WORDS.spec, ChunkingSpec())
    content = csv_of([{"text": NOTE.format(i=i), "year": str(1990 + i)} for i in range(4)])

    def outcome(roles: ColumnRoles) -> str:
        (found,) = ingest(collection, [SourceFile("t.csv", "t.csv", lambda: content, roles=roles)], WORDS, ReadHere())
        return found.outcome

    assert outcome(GUESSED) == "added"
    assert collection.setting(SETTING) is None
    assert outcome(ColumnRoles(labels=(("year", "label"),))) == "unchanged"
    assert roles_by_column(collection.setting(SETTING)) == {"year": "label"}
    assert outcome(ColumnRoles(("text",), ("year",))) == "replaced"
    copy = Collection.create(data_dir, "copy", WORDS.spec, ChunkingSpec())
    list(copy_documents(collection, copy, WORDS))
    assert roles_by_column(copy.setting(SETTING)) == {"year": "label"}


def test_what_is_no_setting_of_roles_is_ignored():
    assert with_chosen(None, [GUESSED]) is None
    stored = with_chosen('{"year": "label", "city": "colour"}', [ColumnRoles(labels=(("year", "number"),))])
    assert roles_by_column(stored) == {"year": "number"}
    for damaged in (None, "", "[", "[1]", '{"a": 1}', '{"a": ["label"]}'):
        assert roles_by_column(damaged) == {}
