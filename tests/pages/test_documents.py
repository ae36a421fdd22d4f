"""The Documents page: adding files and text, previewing chunks, opening a document."""

from __future__ import annotations

import pytest

from pages.shared.session.resources import ingest_jobs
from rag.documents.sources import find_files
from rag.embedding.languages import MULTILINGUAL
from rag.errors import ModelError
from rag.ingest.outcomes import FileOutcome
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.pages.support.app import button, labelled, start, texts, wait_for_jobs

FERRY = "The ferry to the island leaves at seven in the morning and returns before dark, except on Sundays in winter."
TABLE = f'text,colour\n"{FERRY}",blue\n"{FERRY[::-1]}",red\n'.encode()
PROSE = b"\n\n".join(b"Paragraph %d tells of the ferry, the bakery and the school in turn." % i for i in range(60))


@pytest.fixture
def empty(data_dir, embedder) -> Collection:
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    return Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())


def upload(app, name: str, content: bytes):
    app.file_uploader[0].upload(name, content, "application/octet-stream")
    return app.run()


def test_a_table_offers_its_columns_and_keeps_the_others_as_labels(empty):
    app = upload(start("documents.py"), "t.csv", TABLE)
    assert labelled(app.selectbox, "text").value == "text"
    assert labelled(app.selectbox, "colour").value == "label"
    button(app, "Add 1").click().run()
    wait_for_jobs(app, empty)
    assert [chunk.fields for chunk in empty.chunks()] == [(("colour", "blue"),), (("colour", "red"),)]


def test_other_text_columns_make_another_document(empty):
    app = upload(start("documents.py"), "t.csv", TABLE)
    labelled(app.selectbox, "text").set_value("ignore").run()
    labelled(app.selectbox, "colour").set_value("text").run()
    button(app, "Add 1").click().run()
    wait_for_jobs(app, empty)
    assert [chunk.text for chunk in empty.chunks()] == ["blue", "red"]


def test_pasted_text_is_added(empty):
    app = start("documents.py")
    labelled(app.text_input, "Name").input("Note")
    labelled(app.text_area, "Text").input("Otters hold hands while they sleep.")
    button(app, "Add text").click().run()
    wait_for_jobs(app, empty)
    assert [document.name for document in empty.documents()] == ["Note.txt"]
    assert "**Note.txt** · added · " in texts(app)


@pytest.mark.slow
def test_the_preview_follows_its_controls_and_an_empty_collection_takes_them(empty):
    app = upload(start("documents.py"), "prose.txt", PROSE)
    labelled(app.toggle, "Preview chunks").set_value(True).run()
    before = texts(app)
    labelled(app.slider, "Max. chunk size (tokens)").set_value(32).run()
    assert not app.exception
    assert n_chunks(texts(app)) > n_chunks(before)
    previewed = n_chunks(texts(app))
    button(app, "Save as default").click().run()
    button(app, "Add 1").click().run()
    stored = Collection.open(empty.path.parent, "Empty")
    wait_for_jobs(app, stored)
    assert stored.spec.chunking.max_tokens == 32
    assert stored.n_chunks() == previewed


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["fixed", "sentences", "semantic"])
def test_every_strategy_can_be_previewed(empty, strategy):
    app = upload(start("documents.py"), "prose.txt", PROSE)
    labelled(app.toggle, "Preview chunks").set_value(True).run()
    labelled(app.selectbox, "Chunking").set_value(strategy).run()
    assert not app.exception
    assert n_chunks(texts(app)) > 5
    assert empty.n_chunks() == 0


def n_chunks(page: str) -> int:
    return int(page.partition(" chunks**, ")[0].rpartition("**")[2].replace(",", ""))


def test_a_language_that_the_model_does_not_support_is_named(empty):
    app = upload(start("documents.py"), "fähre.txt", GERMAN.encode())
    button(app, "Add 1").click().run()
    wait_for_jobs(app, empty)
    (reason,) = app.dataframe[0].value["details"]
    assert "German" in reason
    assert "multilingual" in reason


GERMAN = "Die Fähre verlässt die Insel jeden Morgen um sieben Uhr und kehrt vor dem Abend zurück. " * 5


def test_before_the_first_document_a_model_for_its_language_is_proposed(empty):
    app = upload(start("documents.py"), "fähre.txt", GERMAN.encode())
    assert "These files appear to be in German" in texts(app)
    button(app, "Use multilingual").click().run(timeout=120)
    assert not app.exception
    changed = Collection.open(empty.path.parent, "Empty")
    assert changed.spec.embedding.model_id == MULTILINGUAL
    assert "appear to be in German" not in texts(app)


def test_english_files_need_no_other_model(empty):
    app = upload(start("documents.py"), "ferry.txt", FERRY.encode())
    assert "appear to be in" not in texts(app)


def test_a_collection_in_another_language_is_copied_in_one_click(empty, embedder, tmp_path):
    (tmp_path / "fähre.txt").write_text(GERMAN)
    (tmp_path / "ferry.txt").write_text(FERRY)
    list(ingest(empty, find_files([tmp_path / "fähre.txt", tmp_path / "ferry.txt"]), embedder, ReadHere()))
    app = start("documents.py")
    assert "1 document of 2 appear to be in German" in texts(app)
    button(app, "Copy with multilingual").click().run(timeout=120)
    copied = Collection.open(empty.path.parent, "Empty multilingual")
    wait_for_jobs(app, copied)
    assert copied.spec.embedding.model_id == MULTILINGUAL
    assert len(copied.documents()) == 2
    assert "appear to be in" not in texts(app)
    assert empty.n_chunks() == 2


HANDBOOK = "# Handbook\n\nWelcome.\n\n## Leave\n\n" + " ".join(f"Rule {number} is short." for number in range(60))


def test_a_collection_of_before_gets_context_lines_in_a_copy_in_one_click(empty, embedder, tmp_path):
    (tmp_path / "handbook.md").write_text(HANDBOOK, "utf-8")
    assert "Copy with context lines" not in [one.label for one in start("documents.py").button]
    list(ingest(empty, find_files([tmp_path / "handbook.md"]), embedder, ReadHere()))
    app = start("documents.py")
    assert "the model does not read the headings above them" in texts(app)
    button(app, "Copy with context lines").click().run(timeout=120)
    copied = Collection.open(empty.path.parent, "Empty with context")
    wait_for_jobs(app, copied)
    assert "Handbook > Leave" in {chunk.context for chunk in copied.chunks()}
    assert {chunk.context for chunk in empty.chunks()} == {""}
    assert "the model does not read the headings above them" not in texts(app)


def test_an_empty_collection_takes_the_choice_of_context_lines(empty):
    app = upload(start("documents.py"), "handbook.md", HANDBOOK.encode())
    labelled(app.toggle, "Preview chunks").set_value(True).run()
    assert labelled(app.toggle, "Context line").value is False
    labelled(app.toggle, "Context line").set_value(True).run()
    button(app, "Save as default").click().run()
    assert Collection.open(empty.path.parent, "Empty").spec.chunking == ChunkingSpec(context=True)


def test_a_document_opens_at_the_chunk_of_the_link(sample):
    chunk = sample.chunks()[100]
    app = start("documents.py", chunk=str(chunk.chunk_id))
    assert "Close document" in [item.label for item in app.button]
    app = start("documents.py", chunk="999999")
    assert "This chunk no longer exists" in texts(app)


MIXED = [
    FileOutcome("a.txt", "added", "", 1, 10),
    FileOutcome("b.txt", "unchanged", "", 1, 10),
    FileOutcome("c.txt", "replaced", "", 1, 10),
    FileOutcome("d.txt", "empty", "No text.", 0, 10),
    FileOutcome("e.txt", "failed", "Damaged.", 0, 10),
]


def job_box(collection: Collection, outcomes: list[FileOutcome], fault: str = "") -> tuple[str, list[str]]:
    """What the page says of an ended job, and the listed outcomes."""

    def work(report, cancelled):
        yield from outcomes
        if fault:
            raise ModelError(fault)

    ingest_jobs().start("Adding *five* files", collection.uid, work, n_files=len(outcomes), bytes_total=50)
    app = start("documents.py")
    wait_for_jobs(app, collection)
    line = next(one.value for one in app.markdown if " · " in one.value)
    return line, app.dataframe[0].value["outcome"].tolist()


def test_a_done_job_counts_the_files_that_were_added_and_lists_the_others_first(empty):
    line, listed = job_box(empty, MIXED)
    assert line.startswith("**2 of 5 files added** · 1 unchanged, 1 no text found, 1 not added · ")
    assert listed == ["not added", "no text found", "added", "replaced", "unchanged"]


def test_a_done_job_of_one_file_names_it(empty):
    line, _ = job_box(empty, MIXED[-1:])
    assert line.startswith(r"**e\.txt** · not added · ")


def test_a_failed_job_still_says_what_was_added(empty):
    line, _ = job_box(empty, MIXED[:3], fault="The model is gone.")
    assert line == r"**Adding \*five\* files** · 1 added, 1 replaced, 1 unchanged"
