"""First steps in a real browser: each journey from a cold start has few actions, which are counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from rag import config
from rag.store.collection import Collection, list_collections
from tests.browser.app_server import map_frame
from tests.browser.conftest import OpenApp
from tests.support.scripted_ollama import HEALTHY, scripted_server, streamed

GOLD = "One Dewlatch Three drives up to 14 vent motors and 6 heating valves."
TABLE = """title,category,price
Green tea with mint,Drinks,3
Black coffee from Kenya,Drinks,4
Lemonade with ginger,Drinks,2
A novel about the sea,Books,12
A guide to mountain birds,Books,18
Poems of the winter,Books,9
Oak table for six people,Furniture,420
Pine shelf for a kitchen,Furniture,80
Chair with a woven seat,Furniture,95
"""


class Person:
    """Somebody at the app, who counts what has to be done."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def click(self, target: Locator) -> None:
        self.actions += 1
        target.click()

    def drop(self, zone: Locator, path: Path) -> None:
        self.actions += 1
        zone.locator("input[type=file]").set_input_files(path)

    def open_page(self, name: str) -> None:
        pages = self.page.get_by_role("navigation", name="Pages")
        self.click(pages.get_by_role("link", name=name, exact=True))


@pytest.fixture
def person(shipped_sample: Collection, open_app: OpenApp) -> Iterator[Person]:
    """Somebody who has just opened the app, and sees the map."""
    with scripted_server({**HEALTHY, "/api/chat": lambda body: streamed(GOLD, prompt_tokens=300)}) as server:
        page = open_app(server.address)
        page.goto("/")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Chat").wait_for()
        map_frame(page)
        yield Person(page)


def picked(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Collection")


def test_an_own_pdf_has_a_cited_answer_in_three_actions(person: Person, tmp_path: Path, data_dir: Path):
    path = tmp_path / "my sheet.pdf"
    shutil.copy(config.SAMPLES / "handbook" / "dewlatch-three-product-sheet.pdf", path)
    page = person.page
    person.open_page("Chat")
    person.drop(page.get_by_test_id("stFileUploader"), path)
    expect(picked(page)).to_have_value("my sheet")
    person.click(page.get_by_role("button", name='What does "Dewlatch Three" say about').first)
    expect(page.get_by_text("vent motors and 6 heating valves").first).to_be_visible()
    expect(page.get_by_text("1 of 1 sentences backed by sources")).to_be_visible()
    assert person.actions == 3
    assert list_collections(data_dir) == ["my sheet", "Sample"]
    assert page.get_by_test_id("stException").count() == 0


def test_an_own_csv_file_is_a_coloured_map_in_three_actions(person: Person, tmp_path: Path):
    path = tmp_path / "shop.csv"
    path.write_text(TABLE, encoding="utf-8")
    page = person.page
    person.click(page.get_by_role("button", name="New", exact=True))
    person.drop(page.get_by_role("dialog").get_by_test_id("stFileUploader"), path)
    expect(page.get_by_role("dialog").get_by_text("Columns of shop.csv")).to_be_visible()
    person.click(page.get_by_role("dialog").get_by_role("button", name="Add 1 file"))
    expect(picked(page)).to_have_value("shop")
    expect(page.get_by_role("combobox", name="Colour by")).to_have_value("category")
    map_frame(page)
    for name in ("Drinks", "Books", "Furniture"):
        expect(map_frame(page).get_by_text(name).first).to_be_attached()
    assert person.actions == 3
    assert page.get_by_test_id("stException").count() == 0


def test_why_two_texts_are_near_is_seen_in_two_actions(person: Person):
    page = person.page
    person.open_page("Neighbors")
    person.click(page.get_by_role("button", name="A racing Jaguar"))
    expect(page.get_by_text("This passage on a car race is nearest to one on money")).to_be_visible()
    expect(page.get_by_text("Sum of all token pairs")).to_be_visible()
    expect(page.locator("span[title^='+']").first).to_be_visible()
    assert person.actions == 2


def test_a_reload_of_a_bare_address_opens_the_own_collection(person: Person, tmp_path: Path):
    path = tmp_path / "tides.txt"
    path.write_text("The moon pulls the sea, and the tide comes in twice a day.")
    page = person.page
    person.open_page("Chat")
    person.drop(page.get_by_test_id("stFileUploader"), path)
    expect(page.get_by_role("button", name='What is "tides" about?')).to_be_visible()
    page.goto("/models")
    expect(picked(page)).to_have_value("tides")
