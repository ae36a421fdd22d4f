"""CSV files as banks, shops and laboratories write them: lines around the table, repeated headers, several tables."""

from __future__ import annotations

import pytest

from rag.documents.loading import load_document
from rag.types import Document


def texts(document: Document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


BANK = """Kontoauszug;;;
Kontonummer:;DE12 3456;;
Zeitraum:;01.01.2025 - 31.01.2025;;
;;;
Buchungstag;Zweck;Betrag;Währung
02.01.2025;Miete Januar;-850,00;EUR
03.01.2025;Gehalt;2.450,10;EUR
;Summe;1.600,10;EUR
"""
ACCOUNT = """Account Statement
Account Number,12345678
From,01/01/2025

Date,Description,Debit,Credit
01/01/2025,"Coffee, cakes",4.50,
02/01/2025,Salary,,"2,000.00"
"""
CASES = {
    "a bank's statement": (BANK, [
        "Buchungstag: 02.01.2025; Zweck: Miete Januar; Betrag: -850,00; Währung: EUR",
        "Buchungstag: 03.01.2025; Zweck: Gehalt; Betrag: 2.450,10; Währung: EUR",
        "Zweck: Summe; Betrag: 1.600,10; Währung: EUR",
    ]),
    "labels above a table": (ACCOUNT, [
        "Date: 01/01/2025; Description: Coffee, cakes; Debit: 4.50",
        "Date: 02/01/2025; Description: Salary; Credit: 2,000.00",
    ]),
    "negative amounts in brackets below years": (
        'Account,2023,2024\nSales,"1,200","1,350"\nCosts,(900),"(1,050)"\n',
        ["Account: Sales; 2023: 1,200; 2024: 1,350", "Account: Costs; 2023: (900); 2024: (1,050)"],
    ),
    "a header that stands again": (
        "Name,Qty\nOar,1\nRope,2\nName,Qty\nSail,4\n", ["Name: Oar; Qty: 1", "Name: Rope; Qty: 2", "Name: Sail; Qty: 4"]
    ),
    "units in the second row": (
        "Time,Temp,Pressure\ns,°C,bar\n0,20.1,1.0\n1,20.4,1.1\n",
        ["Time (s): 0; Temp (°C): 20.1; Pressure (bar): 1.0", "Time (s): 1; Temp (°C): 20.4; Pressure (bar): 1.1"],
    ),
    "two tables": (
        "Part A\nname,qty\nOar,1\nRope,2\n\nPart B\ntown,people,area\nLeeds,800,5\nYork,200,3\n",
        ["name: Oar; qty: 1", "name: Rope; qty: 2", "town: Leeds; people: 800; area: 5",
         "town: York; people: 200; area: 3"],
    ),
    "a note with a comma below": (
        "Item,Price,Qty\nOar,3,1\nRope,4,2\n\nPrices without VAT, valid until May.\n",
        ["Item: Oar; Price: 3; Qty: 1", "Item: Rope; Price: 4; Qty: 2"],
    ),
    "names of some columns": (
        "Item,,Price,\nOar,big,3,x\nRope,small,4,y\n",
        ["Item: Oar; column 2: big; Price: 3; column 4: x", "Item: Rope; column 2: small; Price: 4; column 4: y"],
    ),
    "a separator at the end of each line": (
        "name,qty,\nOar,1,\nRope,2,\n", ["name: Oar; qty: 1", "name: Rope; qty: 2"]
    ),
    "rows that are too long": ("a,b\n1,2\n3,4,5\n6\n", ["a: 1; b: 2", "a: 3; b: 4; column 3: 5", "a: 6"]),
    "a first column without a name": (",Q1,Q2\nBike,1,2\nCar,3,4\n", ["Bike; Q1: 1; Q2: 2", "Car; Q1: 3; Q2: 4"]),
    "one column": ("name\nAnna\nBert\n", ["name: Anna", "name: Bert"]),
    "one column without a name": ("Anna\nBert\nCarl\n", ["Anna", "Bert", "Carl"]),
    "short codes without names": ("DE,Germany\nFR,France\nES,Spain\n", [
        "column 1: DE; column 2: Germany", "column 1: FR; column 2: France", "column 1: ES; column 2: Spain"
    ]),
    "short codes with names": ("ID,Name\nDE,Germany\nFR,France\n", ["ID: DE; Name: Germany", "ID: FR; Name: France"]),
    "addresses without names": (
        "a@x.org,Ana\nb@x.org,Bo\n", ["column 1: a@x.org; column 2: Ana", "column 1: b@x.org; column 2: Bo"]
    ),
    "times as names": ("Line,08:00,09:00\nRed,Leeds,York\nBlue,York,\n", [
        "Line: Red; 08:00: Leeds; 09:00: York", "Line: Blue; 08:00: York"
    ]),
    "answers as names": ("Question,Yes,No\nEnough?,12,3\nAgain?,9,6\n", [
        "Question: Enough?; Yes: 12; No: 3", "Question: Again?; Yes: 9; No: 6"
    ]),
    "questions as names": (
        "case\twhat a person would rightly expect\twhat happened on Monday\n"
        "csv/a.csv\teach record is a row of its own\tone running text\n"
        "csv/b.csv\tthe first record is a record\tfirst record became the header\n"
        "json/c.json\tthree rows\traw text\nmd/d.md\tevery chunk has the names\tbare cells in most of them\n",
        ["case: csv/a.csv; what a person would rightly expect: each record is a row of its own; "
         "what happened on Monday: one running text",
         "case: csv/b.csv; what a person would rightly expect: the first record is a record; "
         "what happened on Monday: first record became the header",
         "case: json/c.json; what a person would rightly expect: three rows; what happened on Monday: raw text",
         "case: md/d.md; what a person would rightly expect: every chunk has the names; "
         "what happened on Monday: bare cells in most of them"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_value_has_its_own_name(case):
    text, rows = CASES[case]
    name = "a.tsv" if "\t" in text else "a.csv"
    assert texts(load_document(name, text.encode())) == rows


def test_lines_around_a_table_are_text_and_no_rows():
    document = load_document("a.csv", ACCOUNT.encode())
    assert document.text.startswith("Account Statement\nAccount Number: 12345678\nFrom: 01/01/2025\n\nDate: ")
    assert [heading.path for heading in document.headings] == ["Account Statement"]
    document = load_document("a.csv", CASES["a note with a comma below"][0].encode())
    assert document.text.endswith("\n\nPrices without VAT | valid until May.")


def test_the_title_of_a_second_table_is_the_heading_of_its_rows():
    document = load_document("a.csv", CASES["two tables"][0].encode())
    assert [heading.path for heading in document.headings] == ["Part A", "Part B"]
    assert document.headings[1].start == document.text.index("Part B")
    assert document.rows[2].fields == (("town", "Leeds"), ("people", "800"), ("area", "5"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_excel(encoding):
    content = "sep=;\r\nStraße;Größe\r\nHauptstraße;5,5\r\nBärenweg;6,5\r\n".encode(encoding)
    assert texts(load_document("a.csv", content)) == ["Straße: Hauptstraße; Größe: 5,5", "Straße: Bärenweg; Größe: 6,5"]


def test_quoted_line_breaks_separators_and_quotes_stay_in_their_cells():
    content = b'id,comment,size\n1,"line one\nline two; still","6"""\n2,"x, y",5" pipe\n'
    rows = [dict(row.fields) for row in load_document("a.csv", content).rows]
    assert rows == [
        {"id": "1", "comment": "line one\nline two; still", "size": '6"'},
        {"id": "2", "comment": "x, y", "size": '5" pipe'},
    ]


def test_a_hundred_columns_keep_their_names_and_repeated_ones_are_told_apart():
    names = ["id", "comment", "comment", *(f"field_{number}" for number in range(97))]
    lines = [[f"R{row}", f"The lid of unit {row} did not close after it was cleaned.", "seen by night",
              *(f"{row}.{number}" for number in range(97))] for row in range(5)]  # fmt: skip
    document = load_document("wide.csv", "\n".join(",".join(line) for line in [names, *lines]).encode())
    assert texts(document) == [line[1] for line in lines]
    fields = dict(document.rows[3].fields)
    assert (fields["comment 3"], fields["field_0"], fields["field_96"]) == ("seen by night", "3.0", "3.96")
