"""The map coloured by a run of an exam: its counts, its failed questions, and every state of the stored runs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pages.shared.map import exam
from pages.shared.map.exam import found_colours
from pages.shared.widgets.map_state import FOUND_COLOUR, link_to_run
from pages.shared.widgets.wording import counted
from rag.errors import ModelError
from rag.evaluation.collection_exams import documents_of
from rag.evaluation.coverage import Coverage, coverage_of, failed_questions, questions_that_found
from rag.evaluation.run_comparison import retrieved_counts
from rag.evaluation.stored.runs import run_path, save_run
from rag.types import Chunk
from tests.pages.support.app import button, labelled, start, texts


def coloured(**query: str):
    return start(collection="Sample", colour=FOUND_COLOUR, **query)


def sent(app) -> dict[str, object]:
    """The JSON part of what the map component was sent; arrays are not in it."""
    component = next(one for one in app.get("component_instance") if "map_chart.map" in one.proto.component_name)
    message: dict[str, object] = json.loads(component.proto.json_args)
    return message


def colour_choices(app) -> list[str]:
    return list(labelled(app.selectbox, "Colour by").options)


def test_the_three_groups():
    colours = found_colours("Found", Coverage(np.array([0, 1, 4, 5, 30]), 40, 5))
    assert [colours.names[code] for code in colours.codes.tolist()] == [
        "no question", "1 to 4 questions", "1 to 4 questions", "5 or more (hub)", "5 or more (hub)",
    ]  # fmt: skip
    assert len(set(colours.colours)) == 3


def test_without_a_run_the_choice_is_not_offered(sample):
    app = coloured()
    assert FOUND_COLOUR not in colour_choices(app)
    assert labelled(app.selectbox, "Colour by").value == "topic"
    assert "run" not in app.query_params


def test_it_says_how_many_chunks_no_question_found_and_marks_the_failed_questions(run, sample):
    app = coloured()
    n_never = sample.n_chunks() - len(retrieved_counts(run, range(3)))
    failed = failed_questions(run)
    assert f"{n_never} chunks of 303** were found by no question" in texts(app)
    assert f"{counted(len(failed), 'question')} failed (✕)." in texts(app)
    marks = sent(app)["questions"]
    assert [mark["key"] for mark in marks] == [one.question.question_id for one in failed]
    assert [mark["text"] for mark in marks] == [one.question.text for one in failed]
    assert all(len(mark["at"]) == 2 and mark["note"].startswith("Rank of the expected passage: ") for mark in marks)
    assert sent(app)["title"] == FOUND_COLOUR
    assert app.query_params["run"] == run.run_id


def test_the_marks_can_be_switched_off_and_another_colour_removes_all(run):
    app = coloured()
    labelled(app.toggle, "Mark failed questions").set_value(False).run()
    assert sent(app)["questions"] == []
    assert f"{counted(len(failed_questions(run)), 'question')} failed." in texts(app)
    assert app.query_params["failed"] == "off"
    assert sent(coloured(failed="off"))["questions"] == []
    labelled(app.selectbox, "Colour by").select("Document").run()
    assert not {"run", "failed", "question"} & set(app.query_params)
    assert "found by no question" not in texts(app)


def test_a_run_without_failed_questions_says_so(run, data_dir):
    generous = replace(run, conditions=replace(run.conditions, settings=tuple(
        replace(setting, k=20) for setting in run.conditions.settings
    )))  # fmt: skip
    assert failed_questions(generous) == ()
    save_run(data_dir, generous)
    app = coloured()
    assert "No question failed: every search found every expected passage." in texts(app)
    assert sent(app)["questions"] == []


def test_a_run_of_unanswerable_questions_alone_has_none_that_can_fail(run, data_dir):
    alone = {one.question_id: run.answers[one.question_id] for one in run.questions if one.is_unanswerable}
    assert alone
    save_run(data_dir, replace(run, answers=alone))
    assert "No question asked so far has an expected passage" in texts(coloured())


def test_the_newest_run_is_shown_and_a_link_can_name_another(run, data_dir):
    later = replace(run, run_id="20991231T000000-aaaaaa", questions=run.questions[:3], answers={
        one.question_id: run.answers[one.question_id] for one in run.questions[:3]
    })  # fmt: skip
    save_run(data_dir, later)
    app = coloured()
    assert app.query_params["run"] == later.run_id
    first = texts(app)
    labelled(app.selectbox, "Run").set_value(run.run_id).run()
    assert app.query_params["run"] == run.run_id
    assert texts(app) != first
    linked = start(**link_to_run("Sample", run.run_id, has_failed=True))
    assert labelled(linked.selectbox, "Run").value == run.run_id
    gone = coloured(run="19990101T000000-aaaaaa")
    assert "The run in the link is not one of this collection" in texts(gone)
    assert labelled(gone.selectbox, "Run").value == later.run_id


def test_a_damaged_run_is_passed_over_or_said(run, data_dir):
    damaged = run_path(data_dir, run).with_name("20991231T000000-aaaaaa.json")
    damaged.write_bytes(b"{")
    assert labelled(coloured().selectbox, "Run").value == run.run_id
    run_path(data_dir, run).unlink()
    app = coloured()
    assert "The run '20991231T000000-aaaaaa' cannot be shown" in texts(app)
    assert sent(app)["names"] == ["Other / no value"]


def test_a_run_that_ended_early_says_how_far_it_came(run, data_dir):
    save_run(data_dir, replace(run, answers=dict(list(run.answers.items())[:4])))
    assert "This run has asked 4 of 10 questions so far." in texts(coloured())
    save_run(data_dir, replace(run, answers={}))
    assert "No question of an exam has been asked yet." in texts(coloured())


def test_questions_that_cannot_be_placed_are_an_error_and_the_map_stays(run, monkeypatch):
    def refuse(model_id):
        raise ModelError("The model's server does not answer. Start it.")

    monkeypatch.setattr(exam, "embedder", refuse)
    app = coloured()
    assert not app.exception
    assert "The model's server does not answer. Start it." in texts(app)
    assert sent(app)["questions"] == []
    assert "were found by no question" in texts(app)


def test_changed_documents_are_said(run, sample):
    question = failed_questions(run)[0].question
    names = {one.name: one.document_id for one in sample.documents()}
    sample.delete_document(names[question.spans[0].document])
    app = coloured(question=question.question_id)
    assert not app.exception
    assert "The documents have changed since this run." in texts(app)
    counts = coverage_of(run, sample.chunk_ids())
    assert f"{counts.n_not_found} chunks of {sample.n_chunks()}**" in texts(app)
    assert "The collection does not hold this passage any more." in texts(app)


def test_an_opened_question_shows_its_passage_and_what_came_instead(run, sample):
    failed = failed_questions(run)[0]
    app = coloured(question=failed.question.question_id)
    (span,) = failed.question.spans
    text = documents_of(sample)[span.document].text
    assert f"**{failed.question.text}**" in texts(app)
    assert text[span.start : span.end] in texts(app)
    (hit,) = run.answers[failed.question.question_id][failed.worst].hits[:1]
    ids = sample.chunk_ids().tolist()
    assert sent(app)["hits"] == [ids.index(hit.chunk_id)]
    assert f"similarity {hit.score:.2f}" in [bar.proto.text for bar in app.get("progress")]
    (expected,) = sent(app)["expected"]
    chunk = sample.chunks([ids[expected]])[0]
    assert shares_most(sample.chunks_of(chunk.document_id), span.start, span.end) == chunk.chunk_id
    assert len(sent(app)["star"]) == 2
    best = int(np.argmin([rank or 99 for rank in failed.ranks]))
    labelled(app.get("button_group"), "Results of").set_value(best).run()
    (other,) = run.answers[failed.question.question_id][best].hits[:1]
    assert sent(app)["hits"] == [ids.index(other.chunk_id)]
    button(app, "Close").click().run()
    assert "question" not in app.query_params
    assert sent(app)["star"] is None


def shares_most(chunks: list[Chunk], start: int, end: int) -> int:
    return max(chunks, key=lambda one: len(set(range(one.start, one.end)) & set(range(start, end)))).chunk_id


def test_a_clicked_chunk_lists_the_questions_that_found_it(run, sample):
    counts = retrieved_counts(run, range(3))
    often = max(counts, key=lambda one: counts[one])
    app = coloured(chunk=str(often))
    assert f"Found by **{counts[often]} question" in texts(app)
    assert all(one.text in texts(app) for one in questions_that_found(run, often)[:5])
    never = next(one for one in sample.chunk_ids().tolist() if one not in counts)
    assert "Found by **no question** of this exam." in texts(coloured(chunk=str(never)))


def test_the_chunks_that_no_question_found_are_selected(run, sample):
    app = coloured()
    found = retrieved_counts(run, range(3))
    never = [one for one in sample.chunk_ids().tolist() if one not in found]
    button(app, f"Select the {len(never)}").click().run()
    assert f"{len(never)} selected" in texts(app)
    shown = next(frame.value for frame in app.dataframe if "chunk_id" in frame.value)
    assert shown["chunk_id"].tolist() == never


def test_three_dimensions_and_no_files_of_them(run):
    app = coloured()
    labelled(app.get("button_group"), "Dimensions").set_value("3D").run()
    button(app, "Recompute map").click().run()
    assert not app.exception
    assert {len(mark["at"]) for mark in sent(app)["questions"]} == {3}
    assert "These files are made from a map in 2D" in texts(app)


@pytest.mark.parametrize("has_failed", [False, True])
def test_the_evaluate_page_leads_to_its_run_on_the_map(run, has_failed):
    app = start("evaluate.py", collection="Sample")
    label = "Show the failed questions on the map" if has_failed else "Show on the map"
    (link,) = [one.proto for one in app.get("page_link") if one.proto.label == label]
    query = link.query_string
    assert f"run={run.run_id}" in query
    assert "colour=Found+by+exam+questions" in query
    assert ("failed=off" in query) == (not has_failed)
