"""The Neighbors, Vector arithmetic, Data quality and Index benchmark pages in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from rag.index.loading import chosen_index
from rag.store.collection import Collection


@pytest.fixture
def neighbors(sample: Collection, page: Page) -> Page:
    """The neighbors of a typed text."""
    page.goto("/neighbors?collection=Sample&query=interest+rates+at+the+bank")
    page.get_by_text("Sum of all token pairs").wait_for()
    return page


def figure(page: Page, label: str) -> float:
    return float(page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue").inner_text())


def test_a_neighbor_shows_why_it_is_near(neighbors: Page):
    expect(neighbors.locator("mark").first).to_be_visible()
    expect(neighbors.get_by_text("in this collection").first).to_be_visible()
    total, score = figure(neighbors, "Sum of all token pairs"), figure(neighbors, "Similarity shown above")
    assert abs(total - score) < 0.02
    expect(neighbors.locator("span[title^='+']").first).to_be_visible()
    neighbors.get_by_text("Similarity among the results").click()
    expect(neighbors.get_by_text("of these neighbors are mutual")).to_be_visible()
    neighbors.get_by_role("button", name="Random chunk").click()
    expect(neighbors.get_by_text("Selected chunk").first).to_be_visible()
    assert "chunk=" in neighbors.url
    assert neighbors.get_by_test_id("stException").count() == 0


def test_a_filter_and_the_way_to_vector_arithmetic_and_data_quality(neighbors: Page):
    neighbors.get_by_role("button", name="Filter").click()
    neighbors.get_by_role("combobox", name="topic").click()
    neighbors.get_by_role("option", name="Music").click()
    neighbors.keyboard.press("Escape")
    expect(neighbors.get_by_text("interest", exact=False).first).to_be_visible()
    neighbors.get_by_role("link", name="Vector arithmetic").click()
    first = neighbors.get_by_role("textbox", name="Text A")
    first.fill("a loan from the bank")
    first.press("Enter")
    expect(neighbors.get_by_text("Nearest to")).to_be_visible()
    neighbors.get_by_role("link", name="Data quality").click()
    neighbors.get_by_role("tab", name="Hubs").click()
    expect(neighbors.get_by_text("the largest hub is among the top")).to_be_visible()
    neighbors.get_by_role("tab", name="Outliers").click()
    expect(neighbors.get_by_text("The chunks least similar to any other")).to_be_visible()
    assert neighbors.get_by_test_id("stException").count() == 0


def test_the_benchmark_measures_and_its_choice_is_saved(sample: Collection, page: Page):
    page.goto("/index_benchmark?collection=Sample")
    page.get_by_text("303 (this collection)").click()
    page.get_by_role("button", name="Run benchmark").click()
    expect(page.get_by_text("Up and to the left is better")).to_be_visible()
    question = page.get_by_role("textbox", name="Question or phrase")
    question.fill("planets around the sun")
    question.press("Enter")
    expect(page.get_by_text("found all 10").first).to_be_visible()
    expect(page.get_by_text(re.compile("RaBitQ (found|missed|needs)"))).to_be_visible()
    expect(page.locator("[data-stale='true']")).to_have_count(0)
    choice = page.get_by_role("combobox", name="Search this collection with")
    choice.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that opens while the page still scrolls closes again
    choice.click()
    page.get_by_role("option", name="HNSW").click()
    page.get_by_role("button", name="Use this index").click()
    expect(page.get_by_text("Now: HNSW")).to_be_visible()
    assert chosen_index(sample).kind == "hnsw"
    page.reload()
    expect(page.get_by_text("Now: HNSW")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
