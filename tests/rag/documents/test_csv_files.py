"""CSV files as people send them: separators, decimal signs, titles, missing headers; text and labels of each row."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.column_roles import ColumnRoles
from rag.documents.loading import load_document, table_columns
from rag.documents.parsed import clean
from rag.types import Document

TICKETS = [
    ["ticket", "customer", "opened", "description"],
    ["T-901", "Moor Farm", "2025-02-01", "The pump does not start, and hums; it was loud | all day."],
    ["T-902", "Hill School, York", "2025-02-03", "Two lamps flicker, and one of them smells burnt since Monday."],
    ["T-903", "Dock Cafe", "2025-02-07", "The fridge door does not close by itself any more."],
]


def written(rows: list[list[str]], separator: str, **options) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, **options).writerows(rows)
    return out.getvalue().encode()


def row_texts(document: Document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("options", [{}, {"quoting": csv.QUOTE_ALL}, {"quoting": csv.QUOTE_ALL, "quotechar": "'"}])
def test_every_separator_is_found_though_the_texts_hold_the_others(separator, options):
    document = load_document("tickets.csv", written(TICKETS, separator, **options))
    assert row_texts(document) == [row[3] for row in TICKETS[1:]]
    assert document.rows[1].fields == (("ticket", "T-902"), ("customer", "Hill School, York"), ("opened", "2025-02-03"))
    assert document.notes == ()


def test_a_price_list_with_decimal_commas_keeps_its_prices():
    text = "\ufeffArtikel;Preis (EUR, netto)\n" + "".join(f"Schraube M{i};{i},{50 + i}\n" for i in range(3, 12))
    document = load_document("preise.csv", text.encode())
    assert row_texts(document)[0] == "Artikel: Schraube M3; Preis (EUR, netto): 3,53"
    assert document.rows[0].fields == (("Artikel", "Schraube M3"), ("Preis (EUR, netto)", "3,53"))


def test_a_file_without_a_header_keeps_its_first_record_and_says_so():
    lines = [f'2025-01-0{i},"The lift in block {i} stopped between floors and was reset.",lift' for i in range(1, 9)]
    document = load_document("lifts.csv", "\n".join(lines).encode())
    assert len(document.rows) == 8
    assert document.rows[0].fields == (("column 1", "2025-01-01"), ("column 3", "lift"))
    assert document.notes == (
        "No header row was found, so the columns are named 'column 1' to 'column 3' and the first row is a row like "
        "the others.",
    )


def test_the_questions_of_a_survey_are_its_header():
    header = "Timestamp,How satisfied are you with the whole course?,What should we do in another way?\n"
    rows = [f"2025-03-{i:02} 10:00,Very,It was good as it is but for lunch {i}.\n" for i in range(1, 9)]
    document = load_document("survey.csv", (header + "".join(rows)).encode())
    assert document.notes == ()
    assert dict(document.rows[0].fields)["How satisfied are you with the whole course?"] == "Very"


def test_title_lines_above_the_header_are_the_rows_heading():
    content = b"Open tickets of spring\nPrinted in June\n\n" + written(TICKETS, ";")
    document = load_document("tickets.csv", content)
    assert document.text.startswith("Open tickets of spring\nPrinted in June\n\n")
    assert [heading.path for heading in document.headings] == ["Open tickets of spring"]
    assert [dict(row.fields)["ticket"] for row in document.rows] == ["T-901", "T-902", "T-903"]


def test_a_short_review_is_the_text_and_everything_else_a_label():
    header = "review text,date,price,amount_de,recommended,city\n"
    rows = [f'The heater in room {i} was slow.,2024-01-{i:02},$1{i}.50,"{i},05",TRUE,City {i}\n' for i in range(1, 9)]
    document = load_document("reviews.csv", (header + "".join(rows)).encode())
    assert row_texts(document)[0] == "The heater in room 1 was slow."
    assert [name for name, _ in document.rows[0].fields] == ["date", "price", "amount_de", "recommended", "city"]
    assert dict(document.rows[0].fields)["amount_de"] == "1,05"


@pytest.mark.parametrize("name", ["title", "name", "subject", "Headline", "question", "article_title", "Betreff"])
def test_a_title_belongs_to_the_text_and_a_row_with_a_title_alone_is_kept(name):
    lines = [f"{name},text,year", "Owls,They hunt at night over the fields.,2001", "Moles,,2002"]
    document = load_document("animals.csv", "\n".join(lines).encode())
    assert row_texts(document) == ["Owls\nThey hunt at night over the fields.", "Moles"]
    assert dict(document.rows[1].fields)["year"] == "2002"


def test_a_row_without_text_is_kept_with_all_its_labels():
    content = written([*TICKETS, ["T-904", "Mill Hotel", "", ""]], ",")
    document = load_document("tickets.csv", content)
    assert row_texts(document)[-1] == "ticket: T-904; customer: Mill Hotel"


def test_a_table_of_short_values_is_rows_of_named_values_that_can_colour_a_map():
    document = load_document("stock.csv", b"item,site,count\nBolt,Hull,12\nNut,York,7\n")
    assert row_texts(document) == ["item: Bolt; site: Hull; count: 12", "item: Nut; site: York; count: 7"]
    assert document.rows[1].fields == (("item", "Nut"), ("site", "York"), ("count", "7"))
    assert row_texts(load_document("s.csv", b"item,site\nBolt,Hull\n", roles=ColumnRoles(("item", "site")))) == [
        "item: Bolt; site: Hull"
    ]


def test_a_list_of_comments_is_one_column_though_they_have_commas():
    lines = ["comment", *(f"It was nice, and we liked it {i} times." for i in range(9))]
    document = load_document("comments.csv", "\n".join(lines).encode())
    assert row_texts(document) == lines[1:]


def test_labels_and_their_values_are_one_record():
    document = load_document("contract.csv", b"Customer,Moor Farm\nContract,C-17\nSigned,2025-01-05\nNotice,none\n")
    assert row_texts(document) == ["Customer: Moor Farm; Contract: C-17; Signed: 2025-01-05; Notice: none"]


def test_a_form_with_two_columns_of_labels_loses_none():
    content = "Name:,Ana Ruiz,Date:,2025-04-12\nTown:,Leeds,Phone:,030 1234\n"
    expected = "Name: Ana Ruiz; Date: 2025-04-12; Town: Leeds; Phone: 030 1234"
    assert row_texts(load_document("form.csv", content.encode())) == [expected]
    without_town = load_document("form.csv", content.replace("Leeds", "").encode())
    assert row_texts(without_town) == [expected.replace("Town: Leeds; ", "")]
    assert ("Town", "") in without_town.rows[0].fields


def test_a_quotation_mark_without_a_partner_spoils_its_own_line_only():
    text = 'id,size,text\n1,5" pipe,It fits the old tap.\n2,"open,It leaks at the joint.\n3,"6""",It is new.\n'
    document = load_document("pipes.csv", text.encode())
    assert [dict(row.fields)["size"] for row in document.rows] == ['5" pipe', '"open', '6"']
    assert document.notes == ("The quotation marks in line 3 do not pair, so they were read as they are.",)


def test_many_odd_lines_take_no_longer_than_as_many_good_ones():
    text = "id,text\n" + "".join(f'{i},"He said "no" to it {i}\n' for i in range(20_000))
    assert len(load_document("odd.csv", text.encode()).rows) == 20_000


def test_only_the_first_rows_of_a_long_table_are_read_to_offer_its_columns(monkeypatch):
    from rag.documents.readers import tables

    named = []
    name_rows = tables.name_rows
    monkeypatch.setattr(tables, "name_rows", lambda names, lines: named.extend(lines) or name_rows(names, named))
    rows = [[f"T-{i}", "Moor Farm", "2025-02-01", f"The pump in yard {i} does not start."] for i in range(20_000)]
    content = written([TICKETS[0], *rows], ",")
    columns = table_columns("tickets.csv", content)
    assert columns is not None
    assert (columns.names, columns.guessed) == (tuple(TICKETS[0]), ("description",))
    assert len(named) < 1_100


CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), include_characters=" ,;\t|\n\"'"), max_size=30
)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)))
def test_every_cell_of_any_table_is_in_the_text_or_the_fields_of_a_row(rows):
    header = [[f"name {i}" for i in range(len(rows[0]))]]
    document = load_document("any.csv", b"sep=,\r\n" + written([*header, *rows], ",", quoting=csv.QUOTE_ALL))
    said = document.text + "\n".join(f"{name} {value}" for row in document.rows for name, value in row.fields)
    said = " ".join(said.split())
    for cell in (cell for row in rows for cell in row):
        # A cell that is taken for a column's name loses the colon at its end.
        assert " ".join(clean(cell).rstrip(": ").split()) in said
