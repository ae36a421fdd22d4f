"""The Evaluate page: its numbers are those of the stored run, and every state says what to do next."""

from __future__ import annotations

import io
from dataclasses import replace

import pandas as pd
import pytest

from pages.shared.evaluate.run_menu import run_table
from pages.shared.session.resources import task_board
from rag import config
from rag.evaluation.collection_exams import CollectionExam, documents_of, sample_exam
from rag.evaluation.collection_run import CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.passages import NDCG, PASSAGE_METRICS
from rag.evaluation.questions import as_lines
from rag.evaluation.run_comparison import compared, figures_of, in_words, means_of, ranks_of
from rag.evaluation.stored.runs import load_run, mark_baseline, run_path, run_paths, save_run
from rag.map.export.files import as_csv
from rag.retrieval.settings import Mode
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.app import button, labelled, start, texts
from tests.rag.evaluation.small_exam import PARAGRAPHS
from tests.support.collections import plain_document, put
from tests.support.fakes import WordEmbedder

ALL: tuple[Mode, ...] = ("dense", "hybrid", "keyword")


@pytest.fixture(scope="module")
def made(sample_folder, embedder) -> CollectionRun:
    """A run of eight of the sample's questions with all searches, k = 1, made once; it has failed questions."""
    collection = Collection.open(sample_folder, "Sample")
    exam = sample_exam(documents_of(collection))
    assert exam is not None
    chosen = CollectionExam(exam.name, exam.questions[18:26] + exam.questions[30:32])
    run = new_run(collection, chosen, tuple(Setting(mode, 1) for mode in ALL))
    return answer_questions(run, collection, embedder, lambda _: None)


@pytest.fixture
def run(sample, data_dir, made) -> CollectionRun:
    """That run, stored."""
    save_run(data_dir, made)
    return made


def only_run(collection: Collection) -> CollectionRun:
    (path,) = run_paths(config.data_dir(), collection.uid)
    return load_run(path)


def wait_for(app, run: CollectionRun) -> None:
    task_board().wait(f"evaluate-{run.run_id}")
    app.run()
    assert not app.exception


def rows(app) -> pd.DataFrame:
    return app.table[0].value


def listed(app) -> pd.DataFrame:
    """The list of questions; the first table is the exam's."""
    return app.dataframe[1].value


def test_it_shows_the_exam_before_anything_is_run(sample):
    app = start("evaluate.py", collection="Sample")
    assert "30 questions of this exam, asked with 3 searches over 303 chunks" in texts(app).replace("**", "")
    assert "This collection has no run yet" in texts(app)
    questions = app.dataframe[0].value
    assert questions["question"][0] == "How often does the door code of the main entrance change?"
    assert not button(app, "Run").disabled


def test_a_run_is_stored_and_its_means_are_shown(sample):
    app = start("evaluate.py", collection="Sample")
    button(app, "Run").click().run()
    run = only_run(sample)
    wait_for(app, run)
    run = only_run(sample)
    assert run.is_complete
    assert [setting.mode for setting in run.conditions.settings] == list(ALL)
    for place, row in rows(app).iterrows():
        means = means_of(figures_of(run, int(str(place))))
        cells = row.tolist()[1:5]
        for metric, cell in zip(PASSAGE_METRICS, cells, strict=True):
            figure = means[metric]
            assert cell.replace("*", "").replace(" ★", "") == f"{figure.mean:.2f} ({figure.low:.2f}–{figure.high:.2f})"
    assert "Averages over 30 questions" in texts(app)


def test_each_search_is_compared_with_the_first(run):
    app = start("evaluate.py", collection="Sample")
    table = rows(app)
    assert list(table.columns)[-1] == "nDCG@10 difference"
    assert "The last column is the difference from Meaning." in texts(app)
    expected = [in_words(compared(figures_of(run, 0), figures_of(run, place)).differences[NDCG]) for place in (1, 2)]
    assert table.iloc[:, -1].tolist() == ["–", *expected]
    best = max(range(3), key=lambda place: means_of(figures_of(run, place))[NDCG].mean)
    assert "★" in table["nDCG@10"][best]


def test_the_questions_are_listed_failed_ones_first(run):
    app = start("evaluate.py", collection="Sample")
    failed = [
        one.question_id
        for one in run.questions
        if one.spans and any(rank is None or rank > 1 for rank in ranks_of(run, one))
    ]
    assert failed
    assert len(listed(app)) == len(failed)
    labelled(app.get("button_group"), "Show").set_value("All").run()
    shown = listed(app)
    assert len(shown) == len(run.questions)
    ranks = {one.text: ranks_of(run, one) for one in run.questions if one.spans}
    for _, row in shown.iterrows():
        expected = ranks.get(row["question"])
        said = ["–"] * 3 if expected is None else [str(rank) if rank else "not in 20" for rank in expected]
        assert row[["Meaning", "Meaning and words", "Words"]].tolist() == said
    assert [text not in ranks for text in shown["question"]] == [False] * 8 + [True] * 2


def test_the_opened_question_shows_what_was_expected_and_what_came(run, sample):
    app = start("evaluate.py", collection="Sample")
    first = listed(app)["question"][0]
    question = next(one for one in run.questions if one.text == first)
    (span,) = question.spans
    document = next(one for one in documents_of(sample).values() if one.name == span.document)
    assert f"### {first}" in texts(app)
    assert document.text[span.start : span.end] in texts(app)
    assert [metric.label for metric in app.metric] == ["Meaning", "Meaning and words", "Words"]
    ranks = ranks_of(run, question)
    assert [metric.value for metric in app.metric] == [str(rank) for rank in ranks]
    on_map = [link.proto for link in app.get("page_link") if link.proto.label == "Show on map"]
    assert on_map
    assert all("chunk=" in str(link) for link in on_map)


def test_unanswerable_questions_lead_to_the_minimum(run):
    app = start("evaluate.py", collection="Sample")
    assert "of the answerable questions and" in texts(app)
    assert "Minimum similarity" in [one.value for one in app.header]


def test_a_kept_run_is_the_baseline_of_the_next(run, data_dir, sample):
    mark_baseline(data_dir, run, is_baseline=True)
    swapped = {name: tuple(reversed(one)) for name, one in run.answers.items()}
    later = replace(run, run_id="20991231T000000-aaaaaa", answers=swapped)
    save_run(data_dir, later)
    app = start("evaluate.py", collection="Sample")
    compare_with = labelled(app.selectbox, "Compare with")
    assert compare_with.options[0].startswith("baseline of ")
    assert rows(app).columns[-1] == "nDCG@10 difference"
    assert "The last column is the difference from baseline of " in texts(app)
    expected = [
        in_words(compared(figures_of(run, place), figures_of(later, place)).differences[NDCG]) for place in range(3)
    ]
    assert rows(app).iloc[:, -1].tolist() == expected


def test_keeping_and_deleting_a_run(run, data_dir, sample):
    app = start("evaluate.py", collection="Sample")
    button(app, "Keep as baseline").click().run()
    assert button(app, "Baseline")
    assert run_path(data_dir, run).with_suffix(".baseline").is_file()
    button(app, "Delete this run").click().run()
    assert not app.exception
    assert "This collection has no run yet" in texts(app)
    assert run_paths(data_dir, sample.uid) == []


def test_a_run_that_was_interrupted_can_be_continued(run, data_dir, sample):
    some = dict(list(run.answers.items())[:3])
    save_run(data_dir, replace(run, answers=some))
    app = start("evaluate.py", collection="Sample")
    assert "This run ended early: 3 of 10 questions answered." in texts(app)
    assert "Averages over 3 questions" in texts(app)
    button(app, "Continue").click().run()
    wait_for(app, run)
    assert only_run(sample).answers == run.answers
    assert "ended early" not in texts(app)


def test_a_run_without_answers_says_so(run, data_dir):
    save_run(data_dir, replace(run, answers={}))
    app = start("evaluate.py", collection="Sample")
    assert "ended early: 0 of 10" in texts(app)
    assert not app.table


def test_a_damaged_run_is_a_sentence_and_others_can_be_chosen(run, data_dir, sample):
    damaged = run_path(data_dir, run).with_name("20991231T000000-aaaaaa.json")
    damaged.write_bytes(b'{"format":')
    app = start("evaluate.py", collection="Sample")
    assert not app.exception
    assert "The run '20991231T000000-aaaaaa' cannot be shown" in texts(app)
    labelled(app.selectbox, "Run").set_value(run.run_id).run()
    assert "Averages over 8 questions" in texts(app)


def test_changed_documents_are_said(run, sample, embedder):
    sample.delete_document(sample.documents()[0].document_id)
    app = start("evaluate.py", collection="Sample")
    assert not app.exception
    assert "The documents have changed since this run" in texts(app)
    assert "the ranks below are those of the run" in texts(app)


def test_an_uploaded_exam(sample):
    app = start("evaluate.py", collection="Sample")
    labelled(app.selectbox, "Exam").set_value("upload").run()
    assert button(app, "Run").disabled
    assert "Upload your questions under **File**" in texts(app)
    passage = "The code for the main entrance changes on the first Monday"
    content = f"question,document,passage\nWhen is there a new code?,onboarding-guide.md,{passage}\n".encode()
    app.file_uploader[0].upload("mine.csv", content, "text/csv").run()
    assert not app.exception
    assert "1 question" in texts(app)
    assert app.dataframe[0].value["expected passage"][0] == passage
    assert not button(app, "Run").disabled


def test_a_wrong_upload_is_a_sentence_with_its_line(sample):
    app = start("evaluate.py", collection="Sample")
    labelled(app.selectbox, "Exam").set_value("upload").run()
    app.file_uploader[0].upload("mine.csv", b"question,document,passage\nWhen?,nowhere.md,x\n", "text/csv").run()
    assert not app.exception
    assert "'mine.csv', line 2: there is no 'nowhere.md' in this collection" in texts(app)
    assert button(app, "Run").disabled


def test_a_saved_exam_can_be_uploaded(sample):
    exam = sample_exam(documents_of(sample))
    assert exam is not None
    app = start("evaluate.py", collection="Sample")
    labelled(app.selectbox, "Exam").set_value("upload").run()
    app.file_uploader[0].upload("saved.jsonl", as_lines(exam.questions), "application/jsonl").run()
    assert len(app.dataframe[0].value) == len(exam.questions)


def test_no_search_chosen_says_to_choose_one(sample):
    app = start("evaluate.py", collection="Sample")
    labelled(app.get("button_group"), "Searches to compare").set_value([]).run()
    assert not app.exception
    assert "Choose at least one search" in texts(app)
    assert button(app, "Run").disabled


def test_documents_without_structure_say_what_to_do(data_dir):
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    model = WordEmbedder()
    collection = Collection.create(data_dir, "Plain", model.spec, ChunkingSpec())
    put(collection, model, plain_document("plain.txt", PARAGRAPHS[0]))
    app = start("evaluate.py", collection="Plain")
    assert not app.exception
    assert "No question could be made" in texts(app)
    assert button(app, "Run").disabled


def test_an_empty_collection_says_what_to_do(nothing):
    app = start("evaluate.py", collection="Empty")
    assert "'Empty' is empty. Add documents" in texts(app)


def test_the_csv_has_a_line_for_each_question_and_search(run):
    table = pd.read_csv(io.BytesIO(as_csv(run_table(run))))
    assert len(table) == 3 * len(run.questions)
    first = table.iloc[0]
    assert (first["question"], first["search"]) == (run.questions[0].text, "Meaning")
    assert first["nDCG@10"] == pytest.approx(figures_of(run, 0)[run.questions[0].question_id][NDCG])
    assert not table[~table["answerable"]]["rank"].notna().any()
