"""Documents in a real browser: uploads, a job that is reloaded and cancelled, an opened chunk."""

from __future__ import annotations

import base64
import random
import re

from playwright.sync_api import Page, expect

from rag import config
from tests.browser.held_embedding import WORD, Hold
from tests.support.good_files import SENTENCE

_DROP = """(zone, files) => {
    const data = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
        data.items.add(new File([bytes], name));
    }
    for (const type of ["dragenter", "dragover", "drop"])
        zone.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def long_text(seed: int, n_paragraphs: int, *, is_held: bool = False) -> bytes:
    """Prose that no other test has embedded; a `Hold` keeps the last paragraph waiting if asked."""
    words = (config.SAMPLES / "topics.csv").read_text("utf-8").split()
    choose = random.Random(seed)
    paragraphs = [" ".join(choose.choices(words, k=60)) for _ in range(n_paragraphs)]
    return "\n\n".join([*paragraphs, f"At the end there is a {WORD}."] if is_held else paragraphs).encode()


def ten_files() -> list[tuple[str, bytes]]:
    names = [
        "travel-policy.docx",
        "workshop-manual.pdf",
        "leave-and-benefits.html",
        "error-codes.csv",
        "support-faq.md",
    ]
    return [
        *((f"my-{name}", (config.SAMPLES / "handbook" / name).read_bytes()) for name in names),
        ("ferry.txt", SENTENCE.encode("utf-16")),
        ("ferry.json", f'[{{"note": "{SENTENCE}", "year": 1999}}]'.encode()),
        ("ferry.eml", f"Subject: Ferry\nFrom: a@example.org\n\n{SENTENCE}\n".encode()),
        ("broken.pdf", b"%PDF-1.4 nothing"),
        ("long.txt", long_text(1, 250, is_held=True)),
    ]


def drop(page: Page, files: list[tuple[str, bytes]]) -> None:
    zone = page.get_by_test_id("stFileUploaderDropzone").first
    zone.evaluate(_DROP, [[name, base64.b64encode(content).decode()] for name, content in files])
    page.get_by_role("button", name=f"Add {len(files)} files").click()


def test_ten_dropped_files_survive_a_reload_and_each_has_an_outcome(hold: Hold, documents: Page):
    page = documents
    drop(page, ten_files())
    speed = page.get_by_text(re.compile(r"Embedding [\w.-]+ · [\d,]+ chunks/s"))
    expect(speed).to_be_visible()
    page.reload()
    expect(speed).to_be_visible()
    hold.release()
    page.get_by_text("1 not added").wait_for()
    page.get_by_text("21 documents").wait_for()
    outcomes = page.get_by_test_id("stDataFrame").first.locator("td")
    expect(outcomes.filter(has_text="could not be read as a PDF")).not_to_have_count(0)
    expect(outcomes.filter(has_text=re.compile("^added$"))).not_to_have_count(0)
    assert page.get_by_test_id("stException").count() == 0


def test_a_cancelled_job_keeps_added_files_and_the_next_job_adds_the_others(hold: Hold, documents: Page):
    page = documents
    files = [(f"part-{number}.txt", long_text(number, 20, is_held=number == 7)) for number in range(8)]
    drop(page, files)
    page.get_by_text("of 8 files (").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelling. The present step is finished first").wait_for()
    hold.release()
    page.get_by_text("Files already added are kept.", exact=False).first.wait_for()
    page.get_by_text("cancelled after").wait_for()
    drop(page, files)
    page.get_by_text("20 documents").wait_for()
    assert page.get_by_text("unchanged").count() >= 1


def test_a_chunk_opens_in_its_document(sample, documents):
    page = documents
    page.goto("/neighbors?collection=Sample&query=days+of+paid+leave")
    page.get_by_text("Similarity among the results").wait_for()  # the page is complete
    link = page.get_by_role("link", name="Open in document").first
    target = str(link.get_attribute("href"))
    link.click()
    page.wait_for_url(f"**{target}")
    page.get_by_text(re.compile(r"Characters [\d,]+ to [\d,]+ of [\d,]+\.")).first.wait_for()
    opened = page.locator("span[style*=border-bottom]").first
    expect(opened).to_be_in_viewport()
    chunk = sample.chunks([int(target.rpartition("chunk=")[2])])[0]
    assert "leave" in chunk.text
    # A chunk begins with a heading, whose marks are not shown.
    assert chunk.text.lstrip("# ").startswith(opened.inner_text()[:40])


def test_a_dropped_file_is_previewed_before_it_is_added(documents):
    page = documents
    zone = page.get_by_test_id("stFileUploaderDropzone").first
    zone.evaluate(_DROP, [["novel.txt", base64.b64encode(long_text(2, 40)).decode()]])
    page.get_by_text("Preview chunks").click()
    page.get_by_text(re.compile(r"\d+ chunks, \d+–\d+ tokens")).first.wait_for()
    assert page.get_by_text("12 documents, 303 chunks").is_visible()


def test_a_tables_columns_have_roles_and_a_second_file_of_its_name_can_be_kept_too(sample, documents):
    page = documents
    # Scrolling to a select box would close its list.
    page.set_viewport_size({"width": 1280, "height": 2000})
    note = "The pump in yard {i} does not start after the frost and hums loudly when it is switched on."
    rows = ["ticket,key,note", *(f"T-{i},x{i},{note.format(i=i)}" for i in range(20))]
    for n_documents, choice in ((13, ""), (14, "Keep both")):
        zone = page.get_by_test_id("stFileUploaderDropzone").first
        content = base64.b64encode("\n".join(rows).encode()).decode()
        zone.evaluate(_DROP, [["tickets.csv", content]])
        expect(page.get_by_text("mean 90 characters")).to_be_visible()
        expect(page.get_by_text("Text of each row: note. Described by 2 labels.")).to_be_visible()
        page.get_by_role("combobox", name="key").click()
        page.get_by_role("option", name="Ignore").click()
        expect(page.get_by_text("Text of each row: note. Described by 1 label.")).to_be_visible()
        if choice:
            page.get_by_text("A document named tickets.csv is in this collection already").wait_for()
            page.get_by_text(choice, exact=True).click()
        page.get_by_role("button", name="Add 1 file").click()
        page.get_by_text(f"{n_documents} documents").wait_for()
    fields = [chunk.fields for chunk in sample.chunks() if dict(chunk.fields).get("ticket") == "T-7"]
    assert fields == [(("ticket", "T-7"),)] * 2
