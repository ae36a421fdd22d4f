"""Where a table's header is: below a title, in two rows, or nowhere; and labels that stand next to their values."""

from __future__ import annotations

import pytest

from rag.documents.tables.blocks import split_sheet
from rag.documents.tables.grid import Cell, grid_of
from rag.documents.tables.header import find_table


def cells(*lines: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in lines]


@pytest.mark.parametrize(
    ("lines", "names", "first"),
    [
        (("Name|Town", "Anna|Porto", "Bert|Lyon"), ("Name", "Town"), 1),
        (("Report 2024||", "||", "Item|Count|State", "Oar|3|new", "Rope|4|old"), ("Item", "Count", "State"), 3),
        (("Stand:|2024-05-01||", "A|B|C|D", "x|1|2|3", "y|4|5|6"), ("A", "B", "C", "D"), 2),
        (("Item|2023||2024|", "|Q1|Q2|Q1|Q2", "Bike|1|2|3|4", "Car|5|6|7|8"),
         ("Item", "2023 Q1", "2023 Q2", "2024 Q1", "2024 Q2"), 2),
        (("|Sales||", "Item|Q1|Q2|Q3", "Bike|1|2|3", "Car|5|6|7"), ("Item", "Sales Q1", "Sales Q2", "Sales Q3"), 2),
        (("Price|Weight", "(EUR)|(kg)", "3|4", "5|6"), ("Price (EUR)", "Weight (kg)"), 2),
        (("Plant|2023|2024", "Lyon||41", "Turin|37|"), ("Plant", "2023", "2024"), 1),
        (("Key|Key|Use|", "a|1|2|3", "b|3|4|5"), ("Key", "Key 2", "Use", "column 4"), 1),
    ],
)  # fmt: skip
def test_the_header_gives_each_column_a_name(lines, names, first):
    found = find_table(cells(*lines))
    assert (found.kind, found.names, found.body.start) == ("table", names, first)
    assert found.header


@pytest.mark.parametrize(
    "lines",
    [
        ("1|2", "3|4"),
        ("2025-01-01|The lift stopped between floors|lift", "2025-01-02|The lift stopped again|lift"),
        ("Porto|1907|open", "Oslo|1914|closed", "Leeds|1920|open"),
        ("A-1|Wing nut|3.35", "A-2|Hex bolt|4.70", "A-3|Washer|6.05"),
        ("only one",),
    ],
)
def test_a_first_row_like_the_others_is_no_header(lines):
    found = find_table(cells(*lines))
    assert not found.header
    assert (found.body.start, found.body.stop) == (0, len(lines))
    assert found.names[0] == "column 1"


@pytest.mark.parametrize(
    "lines",
    [
        ("Customer|Moor Farm", "Contract|C-17", "Start|", "Fee|120 euro a month"),
        ("Name:|Anna", "Town:|Porto"),
        ("Total|12", "Open|3"),
        ("Name||Anna", "Town||Lyon"),
    ],
)
def test_labels_next_to_their_values_are_no_header(lines):
    assert find_table(cells(*lines)).kind == "pairs"


def test_a_title_and_a_source_are_not_rows():
    found = find_table(
        cells("Boats||", "Item|Count|State", "Oar|3|new", "||", "Source: the harbour office, May 2024||")
    )
    assert found.title == ("Boats",)
    assert found.notes == ("Source: the harbour office, May 2024",)
    assert list(found.body) == [2]


def test_a_stated_header_is_believed():
    lines = cells("Porto|open", "Oslo|open")
    assert find_table(lines, header_rows=1).names == ("Porto", "open")
    assert not find_table(lines, header_rows=0).header


def test_the_parts_of_a_sheet_stand_apart():
    lines = cells(
        "Sales|||Costs|", "Item|Price||Item|Cost", "A|1||X|4", "B|2||Y|5", "||||", "||||", "Name|Town|||", "Ann|York|||"
    )
    blocks = split_sheet(lines)
    assert [block.found.names for block in blocks] == [("Item", "Price"), ("Item", "Cost"), ("Name", "Town")]
    assert [block.found.title for block in blocks] == [("Sales",), ("Costs",), ()]


def test_a_merged_cell_is_repeated_and_columns_of_repetitions_alone_are_left_out():
    merged = [Cell(0, 0, "Title", 1, 3), Cell(1, 0, "a", 2, 1), Cell(1, 1, "b", 1, 2), Cell(2, 1, "c"), Cell(2, 2, "d")]
    assert grid_of(merged).cells == (("Title", "Title", "Title"), ("a", "b", "b"), ("a", "c", "d"))
    assert grid_of([Cell(0, 0, "Title", 1, 2), Cell(1, 0, "a", 1, 2), Cell(2, 0, "b")]).cells == (
        ("Title",), ("a",), ("b",),
    )  # fmt: skip


@pytest.mark.parametrize("rows", [[], [[]], [["a"], []], [[], ["a"]], [["x", "y"], [], ["z"]], [[""], ["", ""]]])
def test_rows_without_cells_are_blank(rows):
    found = find_table(rows)
    assert found.header == range(0)
    assert {number for number in found.body if any(rows[number])} == {at for at, row in enumerate(rows) if any(row)}


def test_a_title_among_the_stated_header_rows_is_told_apart():
    lines = cells("Fees|Fees|Fees", "Boat|Half|Full", "Canoe|1|2")
    found = find_table(lines, header_rows=2)
    assert (found.title, found.names, found.body.start) == (("Fees",), ("Boat", "Half", "Full"), 2)
    # The stated header may be the title alone.
    assert find_table(lines, header_rows=1).names == ("Boat", "Half", "Full")


def test_a_row_merged_over_all_columns_is_a_group_but_equal_answers_are_none():
    found = find_table(cells("Boat|Fee|Seats", "Canoe|25|3", "Kayak|31|4"))
    assert found.is_group(["Sailing", "Sailing", "Sailing"])
    assert not found.is_group(["3", "3", "3"])
    assert not found.is_group(["Sailing", "Sailing", ""])
    assert not find_table(cells("Ours|Yours", "yes|no", "no|yes")).is_group(["yes", "yes"])


def test_a_huge_merged_cell_ends_with_the_table():
    assert grid_of([Cell(0, 0, "a", 10**9), Cell(1, 1, "b")]).cells == (("a", ""), ("a", "b"))
    # A cell below a merged one is not shown.
    assert grid_of([Cell(0, 0, "a", 10**9, 10**9), Cell(1, 1, "b")]).cells == (("a",),)
    with pytest.raises(ValueError, match="the limit is"):
        grid_of([Cell(0, 0, "a"), Cell(10**6, 10**4, "b")])
