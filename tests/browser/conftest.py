"""A page of the app in a real browser, for every test here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.store.collection import Collection
from tests.browser.app_server import CHROMIUM, PATIENCE, SteeredApp, launch, new_context, steered_app
from tests.browser.held_embedding import VARIABLE, Hold
from tests.conftest import lacking

OpenApp = Callable[[str], Page]
_HERE = Path(__file__).parent
_WINDOW = {"width": 1400, "height": 900}

expect.set_options(timeout=PATIENCE * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is slow."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a worker."""
    if not CHROMIUM.exists():
        lacking(f"no Chromium at {CHROMIUM}")
    with launch() as browser:
        yield browser


@pytest.fixture(scope="session")
def app() -> Iterator[SteeredApp]:
    """One app for the tests of a worker."""
    with steered_app() as app:
        yield app


@pytest.fixture(scope="package")
def kept_context(browser: Browser, app: SteeredApp) -> BrowserContext:
    """The context of all pages of the worker's app: each finds Streamlit's scripts there, which saves half a second."""
    return new_context(browser, viewport=_WINDOW, base_url=app.address)


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    """Holds the app's passages that contain a certain word; asked for before a page, which begins the app."""
    path = tmp_path / "hold"
    monkeypatch.setenv(VARIABLE, str(path))
    hold = Hold(path)
    yield hold
    hold.release()


@pytest.fixture
def open_app(browser: Browser, kept_context: BrowserContext, app: SteeredApp, data_dir: Path) -> Iterator[OpenApp]:
    """Opens the app with this test's data folder and the Ollama server at an address, in a fresh page.

    No embeddings are remembered from other tests.
    """

    def open_with(ollama_host: str) -> Page:
        app.begin({**os.environ, "OLLAMA_HOST": ollama_host, "EXPLORER_VECTOR_CACHE_MB": "0"})
        return kept_context.new_page()

    yield open_with
    for context in browser.contexts:
        if context is not kept_context:
            context.close()
    _forget(kept_context, app.address)


def _forget(context: BrowserContext, address: str) -> None:
    """Close a context's pages, and clear what they stored and were permitted; scripts and styles are kept."""
    last, *others = context.pages or [context.new_page()]
    for page in others:
        page.close()
    devtools = context.new_cdp_session(last)
    devtools.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
    last.close()
    context.clear_cookies()
    context.clear_permissions()


@pytest.fixture
def page(open_app: OpenApp) -> Page:
    """The app without Ollama."""
    return open_app("127.0.0.1:9")


@pytest.fixture
def documents(sample: Collection, page: Page) -> Page:
    """The Documents page of a sample collection that was made on an earlier start."""
    page.goto("/documents?collection=Sample")
    page.get_by_role("heading", name="12 documents, 303 chunks").first.wait_for()
    return page
