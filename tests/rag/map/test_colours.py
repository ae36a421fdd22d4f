"""Colours that say what they mean: groups that stay apart, scales that keep their ends, grey for what has no value."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.map.colours import (
    GREY_NAMES,
    OTHER,
    OTHER_NAME,
    PALETTE,
    SCALE,
    GroupColours,
    ValueColours,
    as_groups,
    colours_of,
    column_colours,
    group_colours,
    labels_and_colours,
    numbered_colours,
    take,
    value_colours,
)


def test_what_has_no_value_is_grey_and_last():
    colours = colours_of(["b", *GREY_NAMES, "a", "b"])
    assert list(colours) == ["a", "b", *GREY_NAMES]
    assert {colours[name] for name in GREY_NAMES} == {OTHER}
    assert len({colours["a"], colours["b"], OTHER}) == 3


def test_groups_say_each_chunks_label_and_no_two_share_a_colour():
    labels = ["x", "y", "x", OTHER_NAME, "z"]
    groups = group_colours("topic", labels)
    assert [groups.names[code] for code in groups.codes.tolist()] == labels
    assert len(set(groups.colours)) == 4
    assert groups.colours[-1] == OTHER


def test_the_rarest_beyond_the_palette_become_other():
    labels = [f"label {i:02}" for i in range(len(PALETTE) + 3) for _ in range(40 - i)]
    groups = group_colours("topic", labels)
    assert groups.names == (*(f"label {i:02}" for i in range(len(PALETTE))), OTHER_NAME)
    shown = [groups.names[code] for code in groups.codes.tolist()]
    assert shown == [label if label in groups.names else OTHER_NAME for label in labels]
    assert group_colours("topic", []).names == ()


@given(st.lists(st.integers(0, 4)), st.lists(st.sampled_from(["b", "a", OTHER_NAME]), min_size=5, max_size=5))
def test_numbers_of_names_have_the_colours_of_the_names(numbers, names):
    labels = [names[number] for number in numbers]
    expected, found = group_colours("t", labels), numbered_colours("t", np.array(numbers, dtype=np.int64), names)
    assert (found.names, found.colours) == (expected.names, expected.colours)
    assert [found.names[code] for code in found.codes.tolist()] == labels


def test_a_scale_goes_from_the_smallest_to_the_largest_value():
    colours = value_colours("length", np.array([3.0, np.nan, 9.0], dtype=np.float32), 0)
    assert (colours.low, colours.high) == (3.0, 9.0)
    for same in ([5.0, 5.0], [np.nan], []):
        colours = value_colours("length", np.array(same, dtype=np.float32))
        assert colours.high > colours.low


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([str(i) for i in range(40)], ValueColours),
        (["1", "2", "1"], GroupColours),
        ([f"word {i}" for i in range(40)], GroupColours),
        ([*map(str, range(40)), "", "unknown"], ValueColours),
        (["nan", "inf", *map(str, range(2))], GroupColours),
        ([], GroupColours),
    ],
)
def test_a_column_of_many_numbers_is_a_scale(values, kind):
    assert type(column_colours("column", values)) is kind


def test_numbers_of_a_column_are_read_as_written():
    colours = column_colours("year", [*map(str, range(1900, 1940)), "1,950", "", "?"])
    assert colours.values[:41].tolist() == [*range(1900, 1940), 1950]
    assert np.isnan(colours.values[41:]).all()
    assert colours.decimals == 0
    assert column_colours("price", [f"{i}.5" for i in range(40)]).decimals == 1
    assert column_colours("price", [f"{i}.50" for i in range(40)]).decimals == 2


NUMBERS = range(1, 31)


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        ([f"${i}.50" for i in NUMBERS], "amount ($)"),
        ([f"{i},50 €" for i in NUMBERS], "amount (€)"),
        ([f"EUR {i}.50" for i in NUMBERS], "amount (EUR)"),
        ([f"{i}.5 %" for i in NUMBERS], "amount (%)"),
        ([f"{i},5 kg" for i in NUMBERS], "amount (kg)"),
        ([f"{i}.50" for i in NUMBERS], "amount"),
    ],
)
def test_amounts_are_read_with_their_sign_and_the_legend_names_it(cells, title):
    colours = column_colours("amount", [*cells, "n/a", "-", ""])
    assert isinstance(colours, ValueColours)
    assert colours.values[:30].tolist() == [i + 0.5 for i in NUMBERS]
    assert np.isnan(colours.values[30:]).all()
    assert colours.title == title


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        ([f"{i}.234,50" for i in NUMBERS], [1000 * i + 234.5 for i in NUMBERS]),
        ([f"{i},234.50" for i in NUMBERS], [1000 * i + 234.5 for i in NUMBERS]),
        ([f"{i} 234,50" for i in NUMBERS], [1000 * i + 234.5 for i in NUMBERS]),
        ([f"{i}'234.50" for i in NUMBERS], [1000 * i + 234.5 for i in NUMBERS]),
        (["900", *(f"{i}.000" for i in NUMBERS)], [900, *(1000 * i for i in NUMBERS)]),
        ([f"{i}.125" for i in NUMBERS], [i + 0.125 for i in NUMBERS]),
        ([f"0,{i:02}" for i in NUMBERS], [i / 100 for i in NUMBERS]),
        ([f"−{i}" for i in NUMBERS], [-i for i in NUMBERS]),
        ([f"({i}.00)" for i in NUMBERS], [-i for i in NUMBERS]),
        ([f"{i}-" for i in NUMBERS], [-i for i in NUMBERS]),
        ([f"{i}e2" for i in NUMBERS], [100 * i for i in NUMBERS]),
        ([f"−${i}.00" if i % 2 else f"${i}.00" for i in NUMBERS], [-i if i % 2 else i for i in NUMBERS]),
        ([f"$({i}.00)" for i in NUMBERS], [-i for i in NUMBERS]),
        ([f"${i}.2M" for i in NUMBERS], [i * 1e6 + 2e5 for i in NUMBERS]),
        ([*(f"{i}k" for i in NUMBERS), "900"], [*(1000 * i for i in NUMBERS), 900]),
        ([f"{i} Mio. €" for i in NUMBERS], [i * 1e6 for i in NUMBERS]),
        ([f"{i},- €" for i in NUMBERS], NUMBERS),
        ([f"{i} km/h" for i in NUMBERS], NUMBERS),
        ([f"<{i}" for i in NUMBERS], NUMBERS),
        ([f"1,{10 + i},456.00" for i in NUMBERS], [100456 + 1000 * (10 + i) for i in NUMBERS]),
    ],
)
def test_decimal_and_thousands_signs_are_those_of_the_whole_column(cells, numbers):
    assert column_colours("n", cells).values.tolist() == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("{y}-{m:02}-{d:02}", "day"),
        ("{y}-{m:02}-{d:02}T08:30:00Z", "day"),
        ("{d:02}.{m:02}.{y}", "day"),
        ("{d}/{m}/{y}", "day"),
        ("{m}/{d}/{y}", "day"),
        ("{d} {name} {y}", "day"),
        ("{name} {d}, {y}", "day"),
        ("{d}-{name}-{short}", "day"),
        ("{y}{m:02}{d:02}", "day"),
        ("{weekday}, {d:02} {name} {y}", "day"),
        ("{d}th of {name} {y}", "day"),
    ],
)
def test_dates_are_a_scale_of_days(written, title):
    days = [date(2024, 1, 1) + timedelta(days=9 * i) for i in range(30)]
    cells = [written.format(y=day.year, m=day.month, d=day.day, name=day.strftime("%b"), short=day.strftime("%y"),
                            weekday=day.strftime("%a")) for day in days]  # fmt: skip
    colours = column_colours("day", cells)
    assert (colours.kind, colours.title) == ("date", title)
    assert [colours.shown(value) for value in colours.values.tolist()] == [day.isoformat() for day in days]
    assert colours.ticks()[0][1] == "2024-01-01"
    assert as_groups(colours).names[0].startswith("2024-01-01 to ")


def test_dates_that_do_not_say_which_is_the_day_are_read_one_way_and_the_title_says_how():
    cells = [f"{month}/{day}/2024" for month in range(1, 7) for day in range(1, 6)]
    assert column_colours("day", cells).title == "day (month/day)"


def test_one_value_far_from_the_others_does_not_make_these_alike():
    colours = column_colours("cost", [*map(str, range(119)), "1000000000"])
    assert (colours.low, colours.high) == (0, 118)
    assert colours.title == "cost (1 value beyond the scale)"
    assert colours.values[-1] == 1e9
    assert as_groups(colours).names[5].endswith(" and above")


def test_one_value_far_from_many_equal_ones_does_not_make_the_others_alike():
    colours = column_colours("cost", [*["5"] * 100, *map(str, range(6, 22)), "1000000000"])
    assert (colours.low, colours.high) == (5, 21)
    assert colours.title == "cost (1 value beyond the scale)"


@pytest.mark.parametrize("form", ["{y}-{m:02}", "{m:02}/{y}", "Q{q} {y}", "{y} Q{q}"])
def test_months_and_quarters_are_dates(form):
    months = [date(2000 + i, 1 + 3 * (i % 4), 1) for i in range(30)]
    colours = column_colours("when", [form.format(y=d.year, m=d.month, q=1 + d.month // 3) for d in months])
    assert colours.kind == "date"
    assert [colours.shown(value) for value in colours.values.tolist()] == [month.isoformat() for month in months]


@pytest.mark.parametrize("cells", [[f"+49 30 12345{i}" for i in NUMBERS], [f"1.{i}.0" for i in NUMBERS]])
def test_telephone_numbers_and_versions_are_no_amounts(cells):
    assert isinstance(column_colours("n", cells), GroupColours)


def test_a_chosen_role_decides_between_a_scale_and_groups():
    years = [str(1990 + i) for i in range(30)]
    assert isinstance(column_colours("year", years), ValueColours)
    assert isinstance(column_colours("year", years, "label"), GroupColours)
    assert isinstance(column_colours("stars", ["1", "2", "5"]), GroupColours)
    assert isinstance(column_colours("stars", ["1", "2", "5", "none"], "number"), ValueColours)
    assert isinstance(column_colours("city", ["Hull", "York"], "number"), GroupColours)
    assert column_colours("day", ["2024-01-01", "2024-02-01"], "date").kind == "date"


def test_values_over_many_powers_of_ten_have_a_logarithmic_scale():
    colours = column_colours("people", [str(3**i) for i in range(20)])
    assert (colours.kind, colours.title) == ("log", "people (log scale)")
    assert [text for _, text in colours.ticks()][:3] == ["1", "10", "100"]
    assert colours.shown(float(colours.values[2])) == "9"


def test_of_many_categories_the_title_says_how_many_have_a_colour():
    groups = column_colours("city", [f"City {i}" for i in range(1000)])
    assert isinstance(groups, GroupColours)
    assert groups.title == "city (14 most frequent of 1,000)"
    assert column_colours("paid", ["TRUE", "FALSE", "n/a"]).names == ("FALSE", "TRUE", OTHER_NAME)
    assert column_colours("stars", ["10", "9", "2"]).names == ("2", "9", "10")


def test_a_scale_as_groups_holds_every_value_between_the_groups_ends():
    values = np.array([0.0, 0.05, 0.5, 0.99, 1.0, np.nan], dtype=np.float32)
    labels, colours = labels_and_colours(value_colours("share", values))
    assert labels[-1] == OTHER_NAME
    for value, label in zip(values[:-1].tolist(), labels[:-1], strict=True):
        low, high = map(float, label.split(" to "))
        assert low - 0.01 <= value <= high + 0.01
    assert (colours[labels[0]], colours[labels[4]], colours[OTHER_NAME]) == (SCALE[0], SCALE[-1], OTHER)
    groups = group_colours("topic", ["a"])
    assert as_groups(groups) is groups


def test_some_rows_keep_the_legend_and_the_scale_of_all():
    rows = np.array([2, 0])
    groups = take(group_colours("topic", ["a", "b", "c"]), rows)
    assert ([groups.names[code] for code in groups.codes], groups.names) == (["c", "a"], ("a", "b", "c"))
    scale = take(value_colours("length", np.array([1, 5, 9], dtype=np.float32)), rows)
    assert (scale.values.tolist(), scale.low, scale.high) == ([9, 1], 1, 9)
