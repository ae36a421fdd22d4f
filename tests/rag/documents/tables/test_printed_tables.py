"""Tables of a PDF, between rules or in columns; and what looks like one, but is none."""

from __future__ import annotations

from rag.documents.loading import load_document
from tests.rag.documents.tables.printed_pages import Word, columns, printed

BOATS = [
    ["Boat", "Half day", "Full day", "Deposit"],
    ["Canoe", "14", "25", ""],
    ["Kayak for two", "", "31", "50"],
    ["Rowing boat", "18", "33", "80"],
]
ROWS = [
    "Boat: Canoe; Half day: 14; Full day: 25",
    "Boat: Kayak for two; Full day: 31; Deposit: 50",
    "Boat: Rowing boat; Half day: 18; Full day: 33; Deposit: 80",
]
PLACES = (72, 180, 260, 340)


def row_texts(document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


def around(words: list[Word]) -> list[Word]:
    above = [Word(72, 740, "Price list", 22), Word(72, 712, "All prices are for members, and guests pay more.")]
    return [*above, *words, Word(72, 600, "Life vests are free."), Word(72, 580, "Ask at the desk.")]


def test_the_kayaks_deposit_is_not_its_price_for_a_full_day():
    document = load_document("price.pdf", printed([around(columns(BOATS, PLACES, 690))]))
    assert row_texts(document) == ROWS
    assert document.text.index("members") < document.rows[0].start < document.text.index("Life vests")
    assert [heading.path for heading in document.headings] == ["Price list"]


def test_a_table_between_rules_may_have_narrow_columns_and_merged_cells():
    words = [
        Word(75, 690, "Boat"), Word(135, 690, "Rent in euro"),
        Word(135, 670, "day"), Word(165, 670, "week"),
        Word(75, 650, "Canoe"), Word(135, 650, "25"), Word(165, 650, "99"),
        Word(75, 630, "Kayak"), Word(165, 630, "120"),
    ]  # fmt: skip
    heights = (704, 684, 664, 644, 624)
    rules = [(70, y, 200, y) for y in (704, 664, 644, 624)] + [(130, 684, 200, 684)]
    rules += [(x, heights[-1], x, 704) for x in (70, 130, 200)] + [(160, heights[-1], 160, 684)]
    document = load_document("rent.pdf", printed([words], rules))
    assert row_texts(document) == [
        "Boat: Canoe; Rent in euro day: 25; Rent in euro week: 99",
        "Boat: Kayak; Rent in euro week: 120",
    ]


def test_a_table_that_goes_on_on_the_next_page_keeps_its_header():
    rows = [[f"Boat {number}", str(10 + number), str(90 + number), ""] for number in range(60)]
    for row in rows[::2]:
        row[3] = "80"
    first = [Word(72, 760, "Harbour office"), *columns([BOATS[0], *rows[:40]], PLACES, 740)]
    second = [Word(72, 760, "Harbour office"), *columns(rows[40:], PLACES, 740), Word(300, 30, "2")]
    found = row_texts(load_document("long.pdf", printed([first, second])))
    assert len(found) == 60
    assert found[-1] == "Boat: Boat 59; Half day: 69; Full day: 149"


def test_a_cell_with_two_lines_stays_one_cell():
    first = columns([["Part", "Use", "Count"]], (72, 180, 400), 700)
    rest = [
        Word(72, 676, "Bolt"), Word(180, 676, "holds the hull"), Word(400, 676, "12"), Word(180, 664, "and the deck"),
        Word(72, 640, "Nut"), Word(180, 640, "holds the bolt"), Word(400, 640, "14"),
        Word(72, 616, "Pin"), Word(180, 616, "locks the nut"), Word(400, 616, "9"),
    ]  # fmt: skip
    found = row_texts(load_document("parts.pdf", printed([[*first, *rest]])))
    assert found[0] == "Part: Bolt; Use: holds the hull and the deck; Count: 12"
    assert len(found) == 3


def test_text_in_two_newspaper_columns_is_no_table():
    left = [Word(72, 700 - 14 * number, f"the river rose again in the night {number}") for number in range(12)]
    right = [Word(320, 700 - 14 * number, f"and the ferry stayed in the port {number}") for number in range(12)]
    document = load_document("news.pdf", printed([[*left, *right]]))
    assert document.rows == ()
    assert document.text.index("night 11") < document.text.index("port 0")


def test_numbered_sections_and_lists_are_no_table():
    lines = [[f"{number}", f"What to do with boat number {number}"] for number in range(1, 7)]
    document = load_document("list.pdf", printed([columns(lines, (72, 100), 700)]))
    assert document.rows == ()
    assert "boat number 6" in document.text
