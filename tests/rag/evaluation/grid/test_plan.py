"""The plan: every setting once, the present one first, and impossible or equal ones left out with a sentence."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from rag.evaluation.grid.plan import (
    CONTEXT,
    FACTORS,
    MODE,
    MODEL,
    OVERLAP,
    SIZE,
    STRATEGY,
    GridPoint,
    differences,
    ordered_storages,
    plan,
)
from rag.types import ChunkingSpec

PRESENT = GridPoint(ChunkingSpec(160), "small", "hybrid")
WINDOWS = {"small": 254, "large": 510}


def sizes(points) -> list[int]:
    return [point.chunking.max_tokens for point in points]


def test_without_choices_only_the_present_setting_is_measured():
    for is_full in (False, True):
        made = plan(PRESENT, {}, WINDOWS, is_full=is_full)
        assert made.points == (PRESENT,)
        assert made.notes == ()
        assert len(made.storages) == 1


def test_one_at_a_time():
    made = plan(PRESENT, {SIZE: (80, 160, 240), MODE: ("hybrid", "dense")}, WINDOWS, is_full=False)
    assert made.points == (
        PRESENT,
        replace(PRESENT, chunking=ChunkingSpec(80)),
        replace(PRESENT, chunking=ChunkingSpec(240)),
        replace(PRESENT, mode="dense"),
    )
    assert len(made.storages) == 3


def test_all_combinations_share_storages_between_searches():
    made = plan(PRESENT, {SIZE: (80, 240), MODE: ("dense", "keyword"), MODEL: ("large",)}, WINDOWS, is_full=True)
    found = {(one.chunking.max_tokens, one.mode, one.model_id) for one in made.points}
    assert found == set(product((160, 80, 240), ("hybrid", "dense", "keyword"), ("small", "large")))
    assert len(made.points) == 18
    assert len(made.storages) == 6
    assert made.points[0] == PRESENT


def test_the_present_value_is_always_compared():
    made = plan(PRESENT, {SIZE: (80,)}, WINDOWS, is_full=True)
    assert sizes(made.points) == [160, 80]


def test_larger_sizes_become_the_models_window_and_equal_ones_are_merged():
    made = plan(PRESENT, {SIZE: (300, 400)}, WINDOWS, is_full=False)
    assert sizes(made.points) == [160, 254]
    assert made.notes == ("small reads at most 254 tokens, so larger chunk sizes become 254 tokens there.",)
    large = GridPoint(ChunkingSpec(400), "large", "hybrid")
    made = plan(large, {MODEL: ("small",)}, WINDOWS, is_full=False)
    assert sizes(made.points) == [400, 254]


def test_a_present_size_above_the_window_stays_as_it_is_and_is_measured_once():
    present = GridPoint(ChunkingSpec(400), "small", "hybrid")
    made = plan(present, {SIZE: (300, 80)}, WINDOWS, is_full=False)
    assert sizes(made.points) == [400, 80]


def test_strategies_without_overlap_are_measured_once_for_all_overlaps():
    choices = {STRATEGY: ("fixed", "sentences", "semantic"), OVERLAP: (20, 40)}
    made = plan(PRESENT, choices, WINDOWS, is_full=True)
    found = [(one.chunking.strategy, one.chunking.overlap) for one in made.points]
    assert sorted(found) == sorted([*product(("recursive", "fixed"), (0, 20, 40)), ("sentences", 0), ("semantic", 0)])
    assert len(made.notes) == 1
    assert "no overlap in tokens" in made.notes[0]


def test_overlaps_above_half_of_the_size_are_left_out():
    made = plan(PRESENT, {SIZE: (40,), OVERLAP: (20, 40)}, WINDOWS, is_full=True)
    found = {(one.chunking.max_tokens, one.chunking.overlap) for one in made.points}
    assert found == {(160, 0), (160, 20), (160, 40), (40, 0), (40, 20)}
    assert made.notes == (
        "Left out: an overlap of 40 tokens with chunks of 40; the overlap can be at most half of the chunk size.",
    )


def test_storages_in_the_order_of_rows():
    choices = {SIZE: (240, 80), STRATEGY: ("fixed",), MODE: ("dense",), MODEL: ("large",)}
    made = plan(PRESENT, choices, WINDOWS, is_full=True)
    rows = ordered_storages(made.points)
    found = [(one.model_id, one.chunking.strategy, one.chunking.max_tokens) for one in rows]
    assert found == list(product(("small", "large"), ("recursive", "fixed"), (80, 160, 240)))
    assert set(rows) == set(made.storages)


def test_every_factor_reads_what_it_changes():
    others = {STRATEGY: "fixed", SIZE: 80, OVERLAP: 20, CONTEXT: 1, MODEL: "large", MODE: "dense"}
    assert others.keys() == FACTORS.keys()
    for name, factor in FACTORS.items():
        changed = factor.changed(PRESENT, others[name])
        assert factor.value(changed) == others[name] != factor.value(PRESENT)
        assert factor.changed(changed, factor.value(PRESENT)) == PRESENT
        assert differences(changed, PRESENT) == (name,)
    assert differences(PRESENT, PRESENT) == ()


def test_unknown_factors_and_values_are_refused():
    for choices, problem in (
        ({"colour": ("red",)}, "unknown factors: colour"),
        ({STRATEGY: ("random",)}, "'random' is no chunking strategy"),
        ({MODE: ("guess",)}, "'guess' is no search mode"),
    ):
        with pytest.raises(ValueError, match=problem):
            plan(PRESENT, choices, WINDOWS, is_full=False)
