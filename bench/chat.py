"""Seconds from a question to the first word on the Chat page, against a bare call of Ollama with the same prompt."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from rag import config
from rag.conversations.store import Conversations
from rag.servers.ollama import OllamaServer
from rag.store.collection import Collection
from tests.browser.app_server import launch, running_app

MODEL = "gemma3:270m"
QUESTIONS = (
    "How many days of paid leave do full-time staff have?",
    "How often does the door code of the main entrance change?",
    "What colour is the lanyard that visitors wear?",
    "How long must my network passphrase be?",
    "What is the name of the robot that brings the parcels?",
)
ROUNDS = 3
_WATCH = """() => {
  window.firstWord = null;
  document.addEventListener('keydown', (event) => { if (event.key === 'Enter') window.sent = performance.now(); },
    { capture: true, once: true });
  const watch = new MutationObserver(() => {
    const live = [...document.querySelectorAll('[data-testid="stText"]')].some((one) => one.textContent.endsWith('▌'));
    if (live && window.firstWord === null) { window.firstWord = performance.now() - window.sent; watch.disconnect(); }
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def on_the_page(page: Page, question: str) -> float:
    """Seconds from Enter to the first word of the answer on the page, in a new conversation."""
    page.goto("/chat?collection=Sample")
    field = page.get_by_placeholder("Ask about your documents")
    field.fill(question, timeout=120_000)
    page.wait_for_timeout(1_000)
    page.evaluate(_WATCH)
    field.press("Enter")
    page.wait_for_function("window.firstWord !== null", timeout=120_000)
    first_word = float(page.evaluate("window.firstWord")) / 1000
    page.get_by_text("tokens read").wait_for(timeout=120_000)
    return first_word


def bare(collection: Collection, question: str) -> float:
    """Seconds from the call to the first piece, with the prompt that the page sent for this question."""
    conversations = Conversations(collection)
    turns = (conversations.turns(one.conversation_id)[0] for one in conversations.list())
    prompt = next(turn for turn in turns if turn.question == question).answers[0].answer.prompt
    server = OllamaServer(config.ollama_host())
    started = time.perf_counter()
    pieces = server.chat(MODEL, prompt.messages, num_ctx=prompt.context_window, num_predict=prompt.max_answer_tokens)
    next(pieces)
    seconds = time.perf_counter() - started
    for _ in pieces:
        pass
    return seconds


def main() -> None:
    """Measure both sides in turn, after one question that is not counted: the server caches the prompt it read last."""
    pages, calls = [], []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running_app({**os.environ, "EXPLORER_DATA_DIR": str(data)}) as address, launch() as browser:
            page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=address)
            for question in QUESTIONS:
                on_the_page(page, question)
                collection = Collection.open(data, "Sample")
                for _ in range(ROUNDS):
                    calls.append(bare(collection, question))
                    pages.append(on_the_page(page, question))
    over = [page_seconds - call for page_seconds, call in zip(pages, calls, strict=True)]
    ours, theirs = statistics.median(pages), statistics.median(calls)
    print(f"first word, median of {len(pages)}: page {ours * 1000:.0f} ms, bare call {theirs * 1000:.0f} ms")
    print(f"ratio {ours / theirs:.2f}; the page takes {statistics.median(over) * 1000:.0f} ms more (median)")


if __name__ == "__main__":
    main()
