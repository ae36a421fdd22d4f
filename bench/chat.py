"""Seconds from a question to the first word on the Chat page.

With a model of Ollama, against a bare call with the same prompt. With the built-in model, from a cold start.
"""

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
  const send = () => { window.sent ??= performance.now(); };
  window.sent = null;
  document.addEventListener('keydown', (event) => { if (event.key === 'Enter') send(); }, { capture: true });
  document.addEventListener('pointerdown', send, { capture: true });
  const watch = new MutationObserver(() => {
    const texts = [...document.querySelectorAll('[data-testid="stHtml"]')].map((one) => one.textContent.trim());
    const live = texts.some((text) => text.endsWith('▌'));
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


def cold(data: Path, read: float) -> tuple[float, float]:
    """Seconds to the first word of the built-in model's first answer after a start of the app, and of its second.

    Args:
        data: a data folder; the sample is made in it by the first start.
        read: seconds between the page with its questions to click, and the click.
    """
    environment = {**os.environ, "EXPLORER_DATA_DIR": str(data), "OLLAMA_HOST": "127.0.0.1:9"}
    with running_app(environment) as address, launch() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=address)
        page.goto("/chat?collection=Sample")
        example = page.get_by_role("button", name=QUESTIONS[0])
        example.wait_for(timeout=120_000)
        page.wait_for_timeout(1000 * read)
        page.evaluate(_WATCH)
        example.click()
        page.wait_for_function("window.firstWord !== null", timeout=120_000)
        first = float(page.evaluate("window.firstWord")) / 1000
        page.get_by_text("tokens read").wait_for(timeout=120_000)
        return first, on_the_page(page, QUESTIONS[1])


def bench_builtin(data: Path) -> None:
    """The built-in model after a start: a click at once, and after the page was read for five seconds."""
    cold(data, 0)
    for read in (0, 5):
        pairs = [cold(data, read) for _ in range(ROUNDS)]
        first, later = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"built-in model, clicked {read} s after the page was there: first word after {first:.1f} s,")
        print(f"of the next question after {later:.1f} s (medians of {ROUNDS} starts)")


def bench_ollama(data: Path) -> None:
    """Measure both sides in turn, after one question that is not counted: the server caches the prompt it read last."""
    pages, calls = [], []
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


def main() -> None:
    """Measure the built-in model, then one of Ollama."""
    with tempfile.TemporaryDirectory() as folder:
        bench_builtin(Path(folder) / "builtin")
        bench_ollama(Path(folder) / "ollama")


if __name__ == "__main__":
    main()
