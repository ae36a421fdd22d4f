"""A page of the app in a real browser, for every test here."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from rag.store.collection import Collection
from tests.browser.app_server import CHROMIUM, launch, running_app
from tests.conftest import lacking


@pytest.fixture
def page() -> Iterator[Page]:
    """A fresh data folder, no Ollama, and no embeddings remembered from other runs."""
    if not CHROMIUM.exists():
        lacking(f"no Chromium at {CHROMIUM}")
    environment = {**os.environ, "OLLAMA_HOST": "127.0.0.1:9", "EXPLORER_VECTOR_CACHE_MB": "0"}
    with running_app(environment) as address, launch() as browser:
        yield browser.new_page(viewport={"width": 1400, "height": 900}, base_url=address)


@pytest.fixture
def documents(sample: Collection, page: Page) -> Page:
    """The Documents page of a sample collection that was made on an earlier start."""
    page.goto("/documents?collection=Sample")
    page.get_by_role("heading", name="12 documents, 298 chunks").first.wait_for(timeout=60_000)
    return page
