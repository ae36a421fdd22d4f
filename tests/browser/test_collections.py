"""The collection picker in a real browser: create, rename, re-embed, export, import and delete a collection."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from rag.store.collection import Collection
from rag.transfer.files import export_collection
from rag.types import ChunkingSpec, EmbeddingSpec


def manage(page: Page, entry: str) -> None:
    page.get_by_role("button", name="Manage").click()
    page.get_by_role("menuitem", name=entry).click()


def in_dialog(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("dialog").get_by_role("textbox", name=label).first
    box.fill(text)
    box.press("Enter")


def press(page: Page, name: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_created_renamed_deleted_re_embedded_exported_and_imported(documents: Page, tmp_path: Path):
    page = documents
    page.get_by_role("button", name="New", exact=True).click()
    in_dialog(page, "Name", "Mine")
    press(page, "Create")
    page.get_by_text("This collection is empty").wait_for()
    manage(page, "Rename")
    in_dialog(page, "New name", "Ours")
    press(page, "Rename")
    expect(page.get_by_text("Add documents to 'Ours'")).to_be_visible()
    manage(page, "Delete")
    page.get_by_text("your original files are not changed").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).last.click()
    page.get_by_role("heading", name="12 documents, 303 chunks").first.wait_for()
    manage(page, "Re-embed into a new collection")
    press(page, "Re-embed")
    page.get_by_text("12 of 12 files added").wait_for()
    expect(page.get_by_text("Add documents to 'Sample copy'")).to_be_visible()
    manage(page, "Export to a file")
    with page.expect_download() as download:
        press(page, "Download")
    exported = tmp_path / "away.explorer"
    download.value.save_as(exported)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    import_file(page, exported)
    press(page, "Import")
    expect(page.get_by_text("Add documents to 'away'")).to_be_visible()
    page.get_by_role("heading", name="12 documents, 303 chunks").first.wait_for()
    assert page.get_by_test_id("stException").count() == 0


def import_file(page: Page, path: Path) -> None:
    page.keyboard.press("Escape")
    manage(page, "Import a collection")
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(path)
    page.get_by_role("dialog").get_by_text(path.name).first.wait_for()


def test_errors_are_shown_in_the_dialog(documents: Page, tmp_path: Path):
    page = documents
    page.get_by_role("button", name="New", exact=True).click()
    in_dialog(page, "Name", "a/b")
    press(page, "Create")
    page.get_by_text("is not a valid collection name").wait_for()
    model = page.get_by_role("dialog").get_by_role("combobox", name="Embedding model")
    model.fill("nobody/nothing")
    model.press("Enter")
    page.get_by_text("'nobody/nothing'").first.wait_for()
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert.filter(has_text="all-MiniLM-L6-v2")).to_be_visible()
    page.keyboard.press("Escape")
    damaged = tmp_path / "half.explorer"
    damaged.write_bytes(b"SQLite format 3\0" + b"half" * 2000)
    import_file(page, damaged)
    press(page, "Import")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("half.explorer")
    assert page.get_by_test_id("stException").count() == 0


def test_a_dialog_stays_open_when_documents_are_added_behind_it(documents: Page, tmp_path: Path):
    """The page runs again when the job has ended."""
    path = tmp_path / "tides.txt"
    path.write_text("The moon pulls the sea, and the tide comes in twice a day.\n\n" * 60)
    documents.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(path)
    documents.get_by_role("button", name="Add 1 file").click()
    documents.get_by_role("button", name="New", exact=True).click()
    in_dialog(documents, "Name", "Later")
    documents.get_by_text("tides.txt · added").wait_for()
    expect(documents.get_by_role("dialog").get_by_role("textbox", name="Name").first).to_have_value("Later")
    press(documents, "Create")
    expect(documents.get_by_role("dialog")).to_have_count(0)
    expect(documents.get_by_role("combobox", name="Collection")).to_have_value("Later")


def test_the_menu_is_closed_while_its_dialog_is_open(documents: Page):
    for entry, heading in (("Rename", "Rename"), ("Delete", "Delete this collection?")):
        manage(documents, entry)
        expect(documents.get_by_role("dialog").get_by_role("heading", name=heading)).to_be_visible()
        expect(documents.get_by_role("menuitem")).to_have_count(0)
        documents.keyboard.press("Escape")
        expect(documents.get_by_role("dialog")).to_have_count(0)


def test_escape_closes_the_export_also_after_the_download(documents: Page):
    manage(documents, "Export to a file")
    with documents.expect_download():
        press(documents, "Download")
    dialog = documents.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Download", exact=True)).to_be_enabled()
    documents.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_import_asks_before_a_model_would_be_downloaded(documents: Page, tmp_path: Path):
    spec = EmbeddingSpec("nobody/model-of-elsewhere", "1", 4)
    made = Collection.create(tmp_path / "elsewhere", "Sample", spec, ChunkingSpec())
    export_collection(made, tmp_path / "Sample.explorer")
    import_file(documents, tmp_path / "Sample.explorer")
    name = documents.get_by_role("dialog").get_by_role("textbox", name="Name")
    expect(name).to_have_value("Sample 2")
    press(documents, "Import")
    expect(documents.get_by_role("dialog").get_by_text("which is not on this machine")).to_be_visible()
    press(documents, "Import anyway")
    expect(documents.get_by_role("dialog")).to_have_count(0)
    expect(documents.get_by_text("Add documents to 'Sample 2'")).to_be_visible()
