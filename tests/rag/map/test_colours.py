"""Colours that say what they mean: groups that stay apart, scales that keep their ends, grey for what has no value."""

from __future__ import annotations

import numpy as np
import pytest

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
    most_common,
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
    shown = most_common(labels)
    assert set(shown) == {f"label {i:02}" for i in range(len(PALETTE))} | {OTHER_NAME}
    assert shown.count(OTHER_NAME) == sum(40 - i for i in range(len(PALETTE), len(PALETTE) + 3))
    assert most_common([]) == []


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
    assert column_colours("price", [f"{i}.5" for i in range(40)]).decimals == 2


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
