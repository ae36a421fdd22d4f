"""The six steps of an answer on the Chat page: drawn from the answer's record, complete or not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.chat.recorder_figures import place_figure, share_bar, support_figure
from rag.answering.types import Answer, Support, Timings
from rag.generation.types import Prompt
from rag.map.layout import make_layout
from rag.map.points import MapLabel
from rag.map.projection_settings import ProjectionParameters
from rag.report.answer_map import AnswerMap
from rag.report.answer_svg import MarkedHit
from rag.report.figures import Share
from rag.report.steps import answer_steps
from rag.servers.types import Usage
from rag.store.collection import Collection
from tests.pages.support.app import passages, texts
from tests.pages.support.read_html import Seen
from tests.support.answers import PASSAGES, made_answer

HOSTILE = "</div><script>alert(1)</script> **bold** $x$ <b>[link](http://evil.example)"


def script(answer, collection):
    """Streamlit runs this function's source text, so it cannot use this file's imports."""
    from pages.shared.chat.recorder import show_recorder

    show_recorder(answer, collection, key="test")


@pytest.fixture
def links(monkeypatch) -> list[str]:
    """The pages that are linked to: without the app's frame, Streamlit knows no other page."""
    seen: list[str] = []
    monkeypatch.setattr(st, "page_link", lambda page, **_: seen.append(page))
    return seen


def shown(answer: Answer, collection: Collection) -> AppTest:
    app = AppTest.from_function(script, args=(answer, collection), default_timeout=60).run()
    assert not app.exception
    return app


def test_six_steps_with_their_seconds(sample, links):
    answer = made_answer()
    app = shown(answer, sample)
    heads = [one.value for one in app.title]
    steps = answer_steps(answer, None, model_label="")
    assert [head.partition("] ")[2].partition(" &nbsp;")[0] for head in heads] == [step.title for step in steps]
    assert all(step.sentence in texts(app) for step in steps)
    seconds = [head.partition("gray-badge[")[2].rstrip("]") for head in heads]
    assert seconds == ["0.4 s", "", "50 ms", "", "1.8 s", "0.1 s"]


def test_the_prompt_is_there_word_for_word(sample, links):
    answer = made_answer()
    app = shown(answer, sample)
    assert [one.value for one in app.code] == [message.content for message in answer.prompt.messages]
    page = texts(app)
    assert "The prompt takes 310 of the context window's 1,024 tokens (counted exactly)." in page
    assert "1 passage did not fit into the prompt. 2 earlier exchanges did not fit into the prompt." in page
    bar = next(one.proto.body for one in app.get("html") if "unused" in one.proto.body)
    assert all(part in bar for part in ("passages 190", "room for the answer 256", "unused 458"))


def test_every_hit_with_each_searchs_own_score(sample, links):
    app = shown(made_answer(), sample)
    table = app.dataframe[0].value
    assert table["in the prompt"].tolist() == ["[1]", "[2]", "did not fit"]
    assert table["meaning: rank"].tolist() == [1, 2, 3]
    assert table["words: score"].isna().tolist() == [True, False, True]
    assert set(PASSAGES) <= set(passages(app))
    configs = json.loads(app.dataframe[0].proto.columns)
    assert {name for name, one in configs.items() if one.get("hidden")} == {"_index"}


def test_without_a_map_it_says_where_to_make_one(sample_without_caches, links):
    app = shown(made_answer(), sample_without_caches)
    assert "no 2D map yet" in texts(app)
    assert links == ["pages/map.py"]


def test_hits_that_are_no_longer_on_the_map_are_counted(sample, links):
    make_layout(sample, ProjectionParameters())
    app = shown(made_answer(query_vector=()), sample)
    assert links == []
    assert "3 passages are not drawn" in texts(app)
    assert "The question has no position here" in texts(app)


def test_a_cut_prompt_is_a_warning(sample, links):
    app = shown(made_answer(usage=Usage(120, 14, "finished", was_cut=True)), sample)
    assert "it cut the prompt" in app.warning[0].value


def test_sentences_against_passages_and_what_depends_on_what(sample, links):
    page = texts(shown(made_answer(), sample))
    assert "1 of 2 sentences" in page
    assert "Sentence 2 states 2031, which the nearest passage does not contain." in page
    assert "Without passage 1, sentences 1 and 2 change." in page


def test_an_answer_that_broke_before_its_first_word(sample, links):
    usage, problem = Usage(None, None, "broken"), "The server went away. Ask again."
    app = shown(
        made_answer(text="", supports=(), usage=usage, problem=problem, timings=Timings(), dependences=()), sample
    )
    assert problem in texts(app)
    assert "Time to first token **no token came**" in texts(app)


def test_without_a_model(sample, links):
    prompt = Prompt((), (), (), 0, 0, 0)
    app = shown(made_answer(hits=(), prompt=prompt, text="", supports=(), timings=Timings(), dependences=()), sample)
    assert "No model was called, so no prompt was sent." in texts(app)
    assert not app.code
    assert not app.get("html")


def test_without_documents_nothing_is_placed(sample, links):
    make_layout(sample, ProjectionParameters())
    prompt, timings = replace(made_answer().prompt, hits=(), left_out=()), replace(made_answer().timings, retrieval=0.0)
    app = shown(made_answer(hits=(), prompt=prompt, supports=(), timings=timings, dependences=()), sample)
    assert "The question has no position: no search was made." in texts(app)
    assert "The star is the question" not in texts(app)
    assert len(app.title) == 6


def test_hostile_texts_are_shown_as_texts(sample, links):
    make_layout(sample, ProjectionParameters())
    answer = made_answer([HOSTILE, *PASSAGES[1:]], document=HOSTILE, problem=HOSTILE, notes=(HOSTILE,), query=HOSTILE)
    supports = (Support(0, len(HOSTILE), "unsupported", (0.4, 0.1), missing=(HOSTILE,)),)
    app = shown(replace(answer, text=HOSTILE, supports=supports, thoughts=HOSTILE, model=HOSTILE), sample)
    assert not [one for one in [*app.markdown, *app.caption] if "<script>" in one.value or "**bold**" in one.value]
    assert HOSTILE in [one.value for one in app.text]
    assert HOSTILE.replace("**", "") in passages(app)
    assert not [one for one in app.get("html") if {"script", "a", "b"} & set(Seen(one.proto.body).tags)]


def answer_map(**changes) -> AnswerMap:
    xy = np.array([[0, 0], [10, 10], [5, 5]], dtype=np.float32)
    labels = (MapLabel(0, "<b>Leave", 5.0, 5.0), MapLabel(1, "Owls", 0.0, 0.0))
    made = AnswerMap(xy, 3, labels, (5.2, 5.2), "", (MarkedHit(5, 5, 1, "<i>a"), MarkedHit(10, 10, 0, "b")), 0)
    return replace(made, **changes)


def test_the_star_is_joined_to_every_hit():
    figure = place_figure(answer_map())
    lines = next(one for one in figure.data if one.mode == "lines")
    assert lines.x == (5.2, 5, None, 5.2, 10, None)
    assert figure.data[2].hovertext == ("[1] &lt;i&gt;a", "b")
    (number,) = [one for one in figure.layout.annotations if one.arrowhead is not None]
    assert (number.text, number.x, number.y) == ("<b>1</b>", 5, 5)
    assert number.ax < 0 < number.ay  # away from the star, and a picture counts downwards
    assert figure.data[-1].marker.symbol == "star"


def test_names_move_away_from_the_star_and_the_hits():
    names = [one for one in place_figure(answer_map()).layout.annotations if not one.arrowhead is not None]
    assert [(one.text, bool(one.yshift)) for one in names] == [("<b>&lt;b&gt;Leave</b>", True), ("<b>Owls</b>", False)]


def test_of_two_names_that_overlap_the_first_is_written():
    labels = (MapLabel(0, "Large", 0.0, 0.0), MapLabel(1, "Small", 0.1, 0.0))
    figure = place_figure(answer_map(star=None, hits=(), labels=labels))
    assert [one.text for one in figure.layout.annotations] == ["<b>Large</b>"]


def test_a_map_without_a_star_or_hits_is_drawn():
    figure = place_figure(answer_map(star=None, hits=(), labels=()))
    assert [one.mode for one in figure.data] == ["markers", "markers"]


def test_the_matrix_frames_what_is_cited():
    figure = support_figure(["1. <b>A", "2. B"], [(0.9, 0.1), (0.2, 0.3)], [1, 0])
    heat = figure.data[0]
    assert heat.x == ("[1]", "[2]")
    assert heat.y == ("1. &lt;b&gt;A", "2. B")
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, -0.5, 0.5)


@pytest.mark.parametrize(("passages", "columns"), [(1, 5), (5, 5), (9, 9)])
def test_one_passage_is_no_bar_as_wide_as_the_page(passages, columns):
    figure = support_figure(["1. A"], [(0.5,) * passages], [0])
    assert figure.layout.xaxis.range == (-0.5, columns - 0.5)


def test_a_bar_has_a_piece_for_each_share_that_is_not_empty():
    parts = [Share("a<b", 1, "#000000", "1 s"), Share("none", 0, "#111111", "0 s"), Share("b", 3, "#222222", "3 s")]
    bar = share_bar(parts)
    assert bar.count("flex:1 0 2px") == bar.count("flex:3 0 2px") == 1
    assert "none" not in bar
    assert "a&lt;b 1 s" in bar
