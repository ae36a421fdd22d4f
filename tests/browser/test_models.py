"""The Models page in a browser: changing the host, stopping a download, deleting a model."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.support.scripted_ollama import ScriptedServer, Stream, scripted_server

TALKER = {"name": "talker:1b", "model": "talker:1b", "size": 1_300_000_000, "details": {"family": "llama"}}
PULL = (
    {"status": "pulling manifest"},
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 815_000_000, "completed": 163_000_000},
)


@pytest.fixture
def ollama_with_one_model() -> Iterator[ScriptedServer]:
    """A server whose model can be deleted, and whose downloads stay at 20%."""
    models = [TALKER]

    def delete(request: dict) -> tuple[int, object]:
        models.clear()
        return 200, {}

    template = "{{ range .Messages }}{{ .Content }}{{ end }}"
    answers = {
        "/api/tags": lambda request: (200, {"models": models}),
        "/api/version": (200, {"version": "1.2.3"}),
        "/api/ps": (200, {"models": []}),
        "/api/show": (200, {"model_info": {"llama.context_length": 4096}, "template": template}),
        "/api/pull": Stream([json.dumps(said).encode() + b"\n" for said in PULL], stays_open=True),
        "/api/delete": delete,
    }
    with scripted_server(answers) as server:
        yield server


@pytest.fixture
def models_page(data_dir, embedder, page: Page) -> Page:
    """The page on a collection without documents, so that nothing else has to be made first."""
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())
    page.goto("/models")
    expect(page.get_by_text("SmolLM2-135M-Instruct")).to_be_visible()
    return page


def use_host(page: Page, address: str) -> None:
    page.get_by_role("textbox", name="Ollama URL").fill(address)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Ollama 1.2.3")).to_be_visible()


def test_without_ollama_it_can_be_used_at_every_width(models_page):
    for width in (1400, 420):
        models_page.set_viewport_size({"width": width, "height": 900})
        main = models_page.get_by_test_id("stMain")
        expect(main.get_by_text("No Ollama server answers")).to_be_visible()
        expect(main.get_by_text("install Ollama from ollama.com")).to_be_visible()
        expect(main.get_by_role("button", name="Connect", exact=True)).to_be_visible()
        assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
        assert models_page.get_by_test_id("stException").count() == 0


def test_a_typed_model_is_downloaded_seen_after_a_reload_and_stopped(models_page, ollama_with_one_model):
    use_host(models_page, ollama_with_one_model.address)
    field = models_page.get_by_role("combobox", name="Model", exact=True)
    field.fill("someone/new-model:3b")
    field.press("Enter")
    models_page.get_by_role("button", name="Download", exact=True).click()
    there = models_page.get_by_text("someone/new-model:3b · 163 MB of 815 MB")
    expect(there).to_be_visible()
    models_page.reload()
    expect(there).to_be_visible()
    models_page.set_viewport_size({"width": 420, "height": 900})
    models_page.get_by_role("button", name="Stop").click()
    expect(models_page.get_by_text("someone/new-model:3b was stopped")).to_be_visible()
    assert ollama_with_one_model.left.wait(20)
    assert [body["model"] for body in ollama_with_one_model.sent_to("/api/pull")] == ["someone/new-model:3b"]


def test_a_selected_model_is_deleted(models_page, ollama_with_one_model):
    use_host(models_page, ollama_with_one_model.address)
    table = models_page.get_by_test_id("stDataFrame")
    table.click(position={"x": 18, "y": 53})
    models_page.get_by_role("button", name="Delete talker:1b").click()
    models_page.get_by_role("button", name="Delete", exact=True).click()
    expect(models_page.get_by_text("no model yet: download one below")).to_be_visible()
    expect(table).to_have_count(0)
    assert [body["model"] for body in ollama_with_one_model.sent_to("/api/delete")] == ["talker:1b"]
