"""The Evaluate page opens with a run of the documents' own questions, says what it shows, and leads on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.evaluate import opening
from pages.shared.session.resources import task_board
from rag import config
from rag.evaluation.collection_exams import CollectionExam, documents_of, sample_exam, structure_exam
from rag.evaluation.collection_run import CollectionRun, Ranking, Setting, answer_questions, new_run
from rag.evaluation.passages import measure_passages, relevant_spans
from rag.evaluation.stored.runs import delete_run, load_run, run_paths, save_run
from rag.retrieval.settings import Mode
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.app import button, labelled, start, texts
from tests.support.collections import plain_document, put

ALL: tuple[Mode, ...] = ("dense", "hybrid", "keyword")
NAMES = ("Meaning", "Meaning and words", "Words")


@pytest.fixture
def with_first_run(no_first_run, monkeypatch):
    """As a person has it."""
    monkeypatch.setattr(opening, "MOST_CHUNKS", 10_000)


@pytest.fixture(scope="module")
def answered(sample_folder, embedder) -> CollectionRun:
    """A run of twelve questions from the sample's structure with all searches, made once."""
    collection = Collection.open(sample_folder, "Sample")
    exam = structure_exam(documents_of(collection))
    chosen = replace(exam, questions=exam.questions[:12])
    return answer_questions(new_run(collection, chosen, settings(5)), collection, embedder, lambda _: None)


def settings(k: int) -> tuple[Setting, ...]:
    return tuple(Setting(mode, k) for mode in ALL)


def runs(collection: Collection) -> list[CollectionRun]:
    """The stored runs, the newest first."""
    return [load_run(path) for path in run_paths(config.data_dir(), collection.uid)]


def finish(app: AppTest, collection: Collection) -> None:
    """Wait for the runs that were started, and run the page again."""
    for run in runs(collection):
        task_board().wait(f"evaluate-{run.run_id}")
    app.run()
    assert not app.exception


def opened(shown: CollectionRun) -> AppTest:
    save_run(config.data_dir(), shown)
    return start("evaluate.py", collection="Sample")


def found_among_first(run: CollectionRun, k: int) -> dict[str, int]:
    """For how many answerable questions each search has an expected passage among its first k hits."""
    counts = dict.fromkeys(NAMES, 0)
    for question in run.questions:
        for name, ranking in zip(NAMES, run.answers[question.question_id], strict=True):
            spans = relevant_spans(question.spans)
            counts[name] += bool(spans) and measure_passages(ranking.hits, question.spans, k)["hit_rate@k"] == 1.0
    return counts


def test_the_first_opening_shows_the_scores_of_the_documents_own_questions(sample, with_first_run, data_dir):
    app = start("evaluate.py", collection="Sample")
    assert "This collection has no run yet" not in texts(app)
    finish(app, sample)
    (run,) = runs(sample)
    assert run.is_complete
    assert run.questions == structure_exam(documents_of(sample)).questions
    assert run.conditions.settings == settings(config.DEFAULT_K)
    assert labelled(app.selectbox, "Exam").value == "structure"
    assert len(app.table[0].value) == len(ALL)
    assert "What to see:" in texts(app)
    app = start("evaluate.py", collection="Sample")
    assert labelled(app.selectbox, "Exam").value == "structure"
    assert len(app.table) == 1
    assert [one.run_id for one in runs(sample)] == [run.run_id]
    # A run that was deleted stays away.
    delete_run(data_dir, run)
    app = start("evaluate.py", collection="Sample")
    assert "This collection has no run yet" in texts(app)
    assert runs(sample) == []


def test_a_link_to_ones_own_questions_runs_no_others(sample, with_first_run):
    app = start("evaluate.py", collection="Sample", exam="my-questions")
    assert labelled(app.selectbox, "Exam").value == "stored"
    assert runs(sample) == []


def test_the_sentence_counts_questions_by_search(sample, answered):
    said = texts(opened(answered))
    counts, n = found_among_first(answered, 5), sum(bool(question.spans) for question in answered.questions)
    best, worst = max(counts.values()), min(counts.values())
    assert f"for {best} of {n} questions" in said
    if best > worst:
        assert f"for {worst}." in said


def test_the_sentence_names_the_searches_that_differ(sample, answered):
    """The search by words has no hits here."""
    nothing = {name: (*rankings[:2], Ranking(())) for name, rankings in answered.answers.items()}
    same = {name: (rankings[0],) * 3 for name, rankings in answered.answers.items()}
    said = texts(opened(replace(answered, run_id="20991230T000000-aaaaaa", answers=nothing)))
    assert "**Words** has it for 0." in said
    assert "each failed question shows what came instead" in said
    said = texts(opened(replace(answered, run_id="20991231T000000-aaaaaa", answers=same)))
    assert "All searches have the expected passage among the first 5 results" in said
    assert "here they do not differ" in said


def test_a_chip_asks_the_same_questions_with_one_result(sample, answered):
    app = opened(answered)
    button(app, "Only the first result").click().run()
    assert not app.exception
    assert labelled(app.number_input, "Passages (k)").value == 1
    finish(app, sample)
    newest = runs(sample)[0]
    assert newest.conditions.settings == settings(1)
    assert labelled(app.selectbox, "Run").value == newest.run_id
    assert "at rank 1" in texts(app)


def test_a_chip_shows_a_run_that_is_there(sample, embedder, answered, data_dir):
    exam = sample_exam(documents_of(sample))
    assert exam is not None
    ready = answer_questions(new_run(sample, exam, settings(config.DEFAULT_K)), sample, embedder, lambda _: None)
    save_run(data_dir, replace(ready, run_id="20200101T000000-aaaaaa"))
    app = opened(answered)
    button(app, "The sample's own questions").click().run()
    assert not app.exception
    assert labelled(app.selectbox, "Exam").value == "sample"
    assert labelled(app.selectbox, "Run").value == "20200101T000000-aaaaaa"
    assert len(runs(sample)) == 2


def test_a_chip_leads_to_chunk_sizes_and_models(sample, answered):
    app = opened(answered)
    button(app, "Other chunk sizes and models").click().run()
    assert not app.exception
    assert labelled(app.get("button_group"), "Compare").value == "Chunking and models"


def test_a_run_of_ones_own_questions_offers_other_chunk_sizes_alone(sample, answered):
    app = opened(replace(answered, conditions=replace(answered.conditions, exam="My questions")))
    assert [one.label for one in app.button if (one.key or "").startswith("evaluate-further")] == [
        "Other chunk sizes and models"
    ]


def test_a_run_of_unanswerable_questions_has_no_sentence(sample, embedder):
    exam = structure_exam(documents_of(sample))
    asked = tuple(question for question in exam.questions if question.is_unanswerable)[:2]
    run = new_run(sample, CollectionExam(exam.name, asked), settings(5))
    app = opened(answer_questions(run, sample, embedder, lambda _: None))
    assert "What to see:" not in texts(app)
    assert "No question with an answer has been asked yet" in texts(app)


def test_without_questions_two_buttons_lead_on(data_dir, embedder, with_first_run):
    collection = Collection.create(data_dir, "Plain", embedder.spec, ChunkingSpec())
    (data_dir / ".sample-made").touch()
    put(collection, embedder, plain_document("note.txt", "Rain fell on the hills. The river rose."))
    app = start("evaluate.py", collection="Plain")
    assert "No question could be made" in texts(app)
    assert "Click **Run**" not in texts(app)
    button(app, "Make questions").click().run()
    assert not app.exception
    assert labelled(app.selectbox, "Exam").value == "stored"
    labelled(app.selectbox, "Exam").set_value("structure").run()
    button(app, "Upload questions").click().run()
    assert labelled(app.selectbox, "Exam").value == "upload"
    assert runs(collection) == []
