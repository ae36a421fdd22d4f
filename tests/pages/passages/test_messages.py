"""What the browser is given of a Markdown answer: a tree over its sentences, so that citations are kept."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pages.shared.chat.answer_text import answer_message
from pages.shared.widgets.passage.html import passage_html
from pages.shared.widgets.passage.message import passage_message
from rag.answering.types import Support
from tests.pages.passages.test_html import texts
from tests.pages.support.hand_made_answer import MARKDOWN, SENTENCES, made_answer
from tests.pages.support.read_html import Seen, letters


def flat(nodes, kinds=()):
    """The leaves of a tree, each with the kinds of the elements around it."""
    for node in nodes:
        if isinstance(node, list):
            yield node, kinds
        else:
            yield from flat(node["children"], (*kinds, node["kind"]))


def message(text: str, spans: list[tuple[int, int]], differing=()):
    supports = tuple(Support(a, b, "supported", (0.9, 0.1), 1, (0, 10)) for a, b in spans)
    answer = replace(made_answer(), text=text, supports=supports)
    return json.loads(json.dumps(answer_message(answer, differing=differing)))


def test_each_sentence_is_where_its_markdown_puts_it():
    sent = message(MARKDOWN, [(MARKDOWN.index(one), MARKDOWN.index(one) + len(one)) for one in SENTENCES])
    around: dict[str, set[str]] = {}
    for leaf, kinds in flat(sent["tree"]):
        for segment, piece in leaf:
            shown = sent["segments"][segment]["pieces"][piece][0].strip()
            around.setdefault(shown, set()).update(kinds)
    assert around["Leave"] == {"heading"}
    assert around["28"] == {"code", "paragraph", "table", "body", "row", "cell"}
    assert around["Full-time"] >= {"strong", "table"}
    assert around["lost"] == {"emphasis", "paragraph"}
    assert around["Ask in the portal."] == around["Wait for two weeks."] == {"numbers", "item"}
    assert around['print("days")'] == {"fenced", "code"}
    assert around["2. <img src=x onerror=alert(1)> is no picture."] == {"numbers", "item"}


def test_every_citation_has_a_place():
    sent = message(MARKDOWN, [(MARKDOWN.index(one), MARKDOWN.index(one) + len(one)) for one in SENTENCES])
    cited = {number for number, segment in enumerate(sent["segments"]) if segment["verdict"] == "supported"}
    assert len(cited) == len(SENTENCES)
    assert cited <= {segment for leaf, _ in flat(sent["tree"]) for segment, _ in leaf}


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
    text = draw(texts)
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    differing = draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=3))
    return text, list(zip(places[::2], places[1::2], strict=False)), differing


@given(cut_texts())
def test_the_tree_shows_the_answer_wherever_its_sentences_end(given_text):
    text, spans, differing = given_text
    sent = message(text, spans, differing)
    segments = sent["segments"]
    assert "".join(piece for segment in segments for piece, _ in segment["pieces"]) == text
    shown = [(*segments[number]["pieces"][index], number) for leaf, _ in flat(sent["tree"]) for number, index in leaf]
    assert letters("".join(piece for piece, _, _ in shown)) == letters(Seen(passage_html(text)).text)
    if "; " in text:  # Rows of columns and values move the names of columns.
        return
    differs = "".join(one for at, one in enumerate(text) if any(a <= at < b for a, b in differing))
    assert letters("".join(piece for piece, layer, _ in shown if layer)) == letters(differs)
    in_sentences = "".join(piece for piece, _, number in shown if segments[number]["verdict"] == "supported")
    assert letters(in_sentences) == letters("".join(text[a:b] for a, b in spans))


@given(texts, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=3))
def test_a_passage_for_a_card_is_the_passage_of_a_page(text: str, spans: list[tuple[int, int]]):
    sent = passage_message(text, spans, [])
    pieces = sent["pieces"]
    assert "".join(piece for piece, _ in pieces) == text
    shown = [piece for (first, end), _ in flat(sent["tree"]) for piece in pieces[first:end]]
    assert letters("".join(piece for piece, _ in shown)) == letters(Seen(passage_html(text)).text)
