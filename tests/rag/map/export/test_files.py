"""An exported map as CSV and Parquet: what is read again equals the table."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from rag.map.export.files import as_csv, escape_formula, to_csv, to_parquet, to_table
from rag.map.points import UNCLUSTERED_NAME
from tests.support.maps import made_map


def test_the_table_names_each_chunks_cluster():
    table = to_table(made_map())
    assert list(table) == ["chunk_id", "document", "page", "heading", "x", "y", "cluster", "label", "text"]
    assert table["label"].tolist() == [UNCLUSTERED_NAME, "<i>name</i>"] * 4 + [UNCLUSTERED_NAME]


def test_columns_of_tables_are_columns_of_the_file():
    columns = {"topic": list("abcdefghi"), "text": ["other"] * 9, "text (column)": [""] * 9}
    points = made_map(columns=columns)
    table = to_table(points)
    assert list(table)[-3:] == ["topic", "text (column)", "text (column) (column)"]
    assert table["topic"].tolist() == columns["topic"]
    assert table["text"].tolist() == list(points.texts)
    assert list(pd.read_parquet(io.BytesIO(to_parquet(points)))) == list(table)
    with pytest.raises(ValueError, match="9 chunks"):
        made_map(columns={"topic": ["short"]})


def test_csv_and_parquet_round_trip():
    texts = [text.replace("\x00", "") for text in made_map().texts]
    points = made_map(texts=texts, documents=['a,b\n"c"'] * 9)
    table = to_table(points)
    content = to_csv(points)
    assert content.startswith(b"\xef\xbb\xbfchunk_id,document,")
    kinds = {"page": "Int64", "x": "float32", "y": "float32"}
    words = dict.fromkeys(("document", "heading", "label", "text"), str)
    again = pd.read_csv(io.BytesIO(content), dtype=kinds | words, keep_default_na=False, na_values={"page": [""]})
    pd.testing.assert_frame_equal(again, table)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(to_parquet(points))), table)


FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-")
PLAIN = ("a=1", "", " =1", "-12.5", "+49", "'quoted")


def test_texts_that_a_spreadsheet_would_compute_get_an_apostrophe():
    texts = [*FORMULAS, "-12.5", "plain"]
    points = made_map(texts=texts, documents=["=file.csv"] * 9, columns={"@topic": ["-7"] * 8 + ["=1"]})
    rows = list(csv.DictReader(io.StringIO(to_csv(points).decode("utf-8-sig"), newline="")))
    assert [row["text"] for row in rows] == [*(f"'{text}" for text in FORMULAS), "-12.5", "plain"]
    assert {row["document"] for row in rows} == {"'=file.csv"}
    assert [row["'@topic"] for row in rows] == ["-7"] * 8 + ["'=1"]
    assert [float(row["x"]) for row in rows] == pytest.approx(points.xy[:, 0].tolist())
    assert pd.read_parquet(io.BytesIO(to_parquet(points)))["text"].tolist() == texts


def test_only_formulas_are_escaped():
    assert [escape_formula(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]
    assert [escape_formula(text) for text in PLAIN] == list(PLAIN)
    negative = pd.DataFrame({"n": [-1, 2], "x": [-0.5, float("nan")], "page": pd.array([None, -3], dtype="Int64")})
    assert as_csv(negative).decode("utf-8-sig").splitlines() == ["n,x,page", "-1,-0.5,", "2,,-3"]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(n):
    assert len(pd.read_parquet(io.BytesIO(to_parquet(made_map(n))))) == n
