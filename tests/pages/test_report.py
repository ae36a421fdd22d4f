"""The HTML report of the Chat page: one file with every answer on the map that the session shows."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
import streamlit as st

from pages.shared.chat.report import offer_report
from pages.shared.chat.state import Chat
from pages.shared.widgets.map_state import MapState
from rag.answering.types import Turn
from rag.conversations.store import Conversations
from rag.index.loading import load_index
from rag.map.layout import make_layout
from rag.map.projection_settings import ProjectionParameters
from rag.retrieval.retrievers import DenseRetriever
from tests.pages.support.app import start
from tests.support.answers import made_answer, made_turn

SVG = "{http://www.w3.org/2000/svg}"
DEFAULT, OTHER, IN_3D = ProjectionParameters(), ProjectionParameters("pca"), ProjectionParameters("pca", n_components=3)


@pytest.fixture
def offered(monkeypatch):
    """A function that draws the button and returns the file that it downloads."""
    given = []
    monkeypatch.setattr(st, "download_button", lambda label, data, **_: given.append(data))

    def draw(collection, turn, *, is_open=True) -> bytes:
        offer_report(collection, turn, "key", is_open=is_open)
        return given[-1]

    return draw


@pytest.fixture
def state(sample, monkeypatch) -> MapState:
    """The map that the session shows."""
    state = MapState()
    monkeypatch.setattr(st, "session_state", {f"map-state-{sample.uid}": state})
    return state


def found(sample, embedder, query: str):
    """An answer with real hits, all of them shown to the model."""
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve(query, 3)
    vector = tuple(embedder.encode_queries([query])[0].tolist())
    prompt = replace(made_answer().prompt, hits=hits, left_out=())
    return made_answer(
        question=query, query=query, hits=hits, prompt=prompt, supports=(), query_vector=vector, dependences=()
    )


@pytest.fixture
def turn(sample, embedder) -> Turn:
    """With passages, without any, and with those of another topic."""
    leave = found(sample, embedder, "How many days of paid leave do full-time staff have?")
    alone = replace(leave, hits=(), query_vector=(), prompt=replace(leave.prompt, hits=()))
    return made_turn(leave, alone, found(sample, embedder, "Which moons does Jupiter have?"))


def drawings(page: bytes) -> list[ElementTree.Element]:
    text = page.decode()
    figures = [part.partition("</svg>")[0] + "</svg>" for part in text.split("<figure>")[1:]]
    return [ElementTree.fromstring(figure) for figure in figures]


def rings(drawing: ElementTree.Element) -> list[tuple[str, str]]:
    return [(ring.get("cx"), ring.get("cy")) for ring in drawing.findall(f"{SVG}circle")]


def test_the_report_has_a_map_for_each_answer_with_a_position(sample, turn, state, offered):
    make_layout(sample, DEFAULT)
    drawn = drawings(offered(sample, turn))
    assert len(drawn) == 2  # an answer without documents has no position
    for drawing in drawn:
        assert len(drawing.findall(f"{SVG}g")[0]) == sample.n_chunks()
        assert len(drawing.findall(f"{SVG}path")) == 1
        assert [one.find(f"{SVG}text").text for one in drawing.findall(f".//{SVG}g[@class='number']")] == list("123")
    assert not set(rings(drawn[0])) & set(rings(drawn[1]))


def test_without_a_map_the_report_has_none(sample_without_caches, turn, state, offered):
    page = offered(sample_without_caches, turn)
    assert drawings(page) == []
    assert b"<svg class" in page  # the bars are there


def test_the_map_is_the_one_that_the_session_shows(sample, turn, state, offered):
    default, other = make_layout(sample, DEFAULT), make_layout(sample, OTHER)
    assert default.xy.tolist() != other.xy.tolist()
    before = offered(sample, turn)
    state.shown = OTHER
    assert rings(drawings(offered(sample, turn))[0]) != rings(drawings(before)[0])


def test_instead_of_a_3d_map_the_default_2d_map_is_used(sample, turn, state, offered):
    make_layout(sample, DEFAULT)
    before = offered(sample, turn)
    make_layout(sample, IN_3D)
    state.shown = state.parameters = IN_3D
    assert offered(sample, turn) == before


def test_a_button_that_is_not_seen_makes_no_file(sample, turn, state, offered):
    assert offered(sample, turn, is_open=False) == b""


def report_button(app):
    return next(one.proto for one in app.get("download_button") if one.proto.label == "Export as HTML report")


@pytest.mark.parametrize("n_answers", [1, 3])
def test_the_chat_page_offers_it_where_the_menu_is_open(sample, turn, n_answers):
    conversations = Conversations(sample)
    kept = conversations.create()
    conversations.add(kept, made_turn(*[one.answer for one in turn.answers][:n_answers]))
    app = start("chat.py", collection="Sample", conversation=str(kept))
    assert report_button(app).disabled
    (stored,) = conversations.turns(kept)
    app.session_state[f"{Chat(sample, conversations, kept).key_prefix}-{stored.turn_id}-more"] = True
    app.run()
    assert not app.exception
    assert not report_button(app).disabled
