"""The HTML report: it fetches and runs nothing, keeps hostile text inert, and shows every step of every answer."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from rag.answering.types import Timings
from rag.generation.types import Prompt
from rag.map.colours import SCALE
from rag.map.points import MapLabel
from rag.report.answer_map import AnswerMap, to_svg
from rag.report.answer_svg import MarkedHit
from rag.report.html import scale_step, to_html
from rag.report.steps import answer_steps
from rag.servers.types import Message, Usage
from tests.browser.app_server import CHROMIUM, launch
from tests.conftest import lacking
from tests.support.answers import PASSAGES, made_answer, made_turn

HOSTILE = (
    "</pre></style></script><script>document.title='owned'</script><img src=https://evil.example/a onerror=alert(1)>"
    '" onclick="alert(1)" \' ]]> --> <!-- {{ }} &lt;b&gt; \u202e\u2066 evil \x00 \ud800 \r\n\tend'
)
SHOWN = HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
SPREAD = np.array([[0, 0], [10, 10], [5, 1]], dtype=np.float32)


def made_map(name: str = "handbook.md", **changes) -> AnswerMap:
    """Three chunks, the question and two hits, of which the model saw one; names and notes are this name."""
    hits = (MarkedHit(5, 1, 1, name), MarkedHit(0, 0, 0, name))
    return replace(AnswerMap(SPREAD, 3, (MapLabel(0, name, 9, 9),), (5.0, 2.0), "", hits, 0), **changes)


_VOID = {"meta", "link"}


@dataclass
class Element:
    """What a parser finds: an element, its attributes, and all text within it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


class Reader(HTMLParser):
    """The elements of a page in order, each with its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self._open.pop().tag == tag

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, tag: str, kind: str = "") -> list[Element]:
        found = [one for one in self.elements if one.tag == tag]
        return [one for one in found if not kind or kind in (one.attributes.get("class") or "").split()]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def split(reader: Reader, tag: str, number: int) -> list[Element]:
    """The elements from the beginning of this one of the elements of a kind up to the next of them."""
    starts = [place for place, one in enumerate(reader.elements) if one.tag == tag] + [len(reader.elements)]
    return reader.elements[starts[number] : starts[number + 1]]


def shape(reader: Reader) -> list[tuple[str, tuple[str, ...]]]:
    """Every element and the names of its attributes, in order."""
    return [(one.tag, tuple(one.attributes)) for one in reader.elements]


def hostile_answer(text: str):
    """Everything that a document, a model or a person can write, being this text."""
    answer = made_answer([text, *PASSAGES[1:]], document=text)
    hits = tuple(replace(hit, chunk=replace(hit.chunk, heading=text)) for hit in answer.hits)
    prompt = replace(answer.prompt, hits=hits[:2], left_out=hits[2:], messages=(Message(text, text),))
    supports = (replace(answer.supports[0], end=len(text), passage=(0, len(text)), missing=(text,)),)
    return replace(
        answer, question=text, query=text, hits=hits, prompt=prompt, text=text, model=text, thoughts=text,
        problem=text, notes=(text,), asked_at=text, supports=supports,
    )  # fmt: skip


def hostile_page(text: str) -> str:
    answer = hostile_answer(text)
    return to_html(made_turn(answer, answer), collection_name=text, maps=[made_map(text), None])


def test_hostile_texts_add_no_element_and_no_attribute():
    page = hostile_page(HOSTILE)
    page.encode()
    assert shape(read(page)) == shape(read(hostile_page("a plain text")))


def test_texts_are_there_word_for_word():
    reader = read(hostile_page(HOSTILE))
    assert reader.all("h1")[0].text == SHOWN
    assert [one.text for one in reader.all("pre")].count("\n" + SHOWN) == 2 * (1 + 1 + 1)
    assert reader.all("div", "answer")[0].text.startswith(SHOWN)


def test_the_page_fetches_nothing_and_runs_nothing():
    reader = read(to_html(made_turn(made_answer()), collection_name="Sample", maps=[made_map()]))
    tags = {one.tag for one in reader.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "base", "form"}
    names = {name for one in reader.elements for name in one.attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    addresses = [one.attributes[name] for one in reader.elements for name in ("src", "href") if name in one.attributes]
    assert {address[0] if address else "" for address in addresses} <= {"#", "d"}
    assert [address for address in addresses if not address.startswith("#")] == ["data:,"]


def test_the_policy_allows_this_style_and_no_script():
    reader = read(to_html(made_turn(made_answer()), collection_name="Sample"))
    policy = next(one.attributes["content"] for one in reader.all("meta") if "http-equiv" in one.attributes)
    style = reader.all("style")[0].text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "script-src" not in policy


def test_every_step_of_the_answer_is_there():
    answer = made_answer(thoughts="First I thought.", problem="The server went away.")
    page = to_html(made_turn(answer), collection_name="Sample", maps=[made_map()])
    reader = read(page)
    body = reader.all("body")[0].text
    for text in (
        "A question about the collection Sample, asked on 2026-11-25 10:00 UTC", answer.query, "The server went away.",
        "Counted are passages, not documents.", "did not fit", "7.25", "310 of the context window's 1,024 tokens",
        "room for the answer 256", "unused 458", "1 passage did not fit into the prompt.", "Tokens per second 28",
        "First I thought.",
        "writing 0.6 s", "No passage supports sentence 2.", "Without passage 1, sentences 1 and 2 change.",
    ):  # fmt: skip
        assert text in body
    verbatim = [one.text for one in reader.all("pre")]
    for message in answer.prompt.messages:
        assert "\n" + message.content in verbatim
    for text in PASSAGES:
        assert "\n" + text in verbatim
    assert to_svg(made_map()) in page


def test_a_supported_sentence_leads_to_its_passage():
    reader = read(to_html(made_turn(made_answer()), collection_name="Sample"))
    (chip,) = reader.all("a", "chip")
    target = chip.attributes["href"].removeprefix("#")
    passage = next(one for one in reader.elements if one.attributes.get("id") == target)
    assert PASSAGES[0] in passage.text
    assert chip.text.startswith("[1]handbook.md, page 1 · Leave · similarity 0.81")
    assert [one.text for one in reader.all("mark")] == ["Full-time staff have 29 days of paid leave."]
    assert [one.text for one in reader.all("span", "unsupported")] == ["They never lapse in 2031."]


def test_the_matrix_rings_what_is_cited():
    (table,) = read(to_html(made_turn(made_answer()), collection_name="Sample")).all("table", "matrix")
    assert "1. You have 29 days.0.810.24" in table.text
    best = read(to_html(made_turn(made_answer()), collection_name="Sample")).all("td", "best")
    assert [one.text for one in best] == ["0.81"]


def test_answers_are_side_by_side_under_their_labels():
    reader = read(to_html(made_turn(made_answer(), made_answer()), collection_name="Sample"))
    assert [one.text for one in reader.all("h2")] == ["setting 1", "setting 2"]
    ids = [one.attributes["id"] for one in reader.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids)) == 4
    assert reader.all("figure") == []


def test_each_answer_has_its_own_place_on_the_map():
    lost = made_map(star=None, star_note="The question has no position here.", n_gone=1)
    nowhere = made_map(star=None, hits=(), star_note="The question has no position here.")
    turn = made_turn(*[made_answer()] * 4)
    reader = read(to_html(turn, collection_name="Sample", maps=[made_map(), lost, None, nowhere]))
    assert [len([1 for one in split(reader, "article", n) if one.tag == "figure"]) for n in range(4)] == [1, 1, 0, 0]
    lost_text = " ".join(one.text for one in split(reader, "article", 1) if one.tag == "p")
    assert "The question has no position here. 1 passage is not drawn" in lost_text


def test_without_a_map_the_report_says_so():
    turn = made_turn(made_answer())
    assert "No map of this collection had been computed" in to_html(turn, collection_name="Sample", maps=[None])
    assert "No map of this collection" not in to_html(turn, collection_name="Sample", maps=[made_map()])


def test_an_answer_without_documents_has_no_search_and_no_map():
    answer = made_answer()
    without = replace(
        answer, hits=(), prompt=replace(answer.prompt, hits=(), left_out=()), supports=(),
        timings=replace(answer.timings, retrieval=0.0, citing=0.0),
    )  # fmt: skip
    page = to_html(made_turn(without), collection_name="Sample", maps=[None])
    assert page.count("No search was made for this answer.") == 2
    assert "No map of this collection" not in page
    assert read(page).all("figure") == []


def test_a_map_for_some_answers_only_is_a_callers_bug():
    with pytest.raises(ValueError, match="shorter"):
        to_html(made_turn(made_answer(), made_answer()), collection_name="Sample", maps=[made_map()])


def test_models_have_the_names_that_people_read():
    page = to_html(made_turn(made_answer()), collection_name="Sample", model_label=lambda name: f"<{name}>")
    assert page.count("&lt;ollama:gemma3:270m&gt;") == 2
    assert "ollama:gemma3:270m" in to_html(made_turn(made_answer()), collection_name="Sample")


NO_MODEL = Prompt((), (), (), 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"text": "", "supports": (), "usage": Usage(None, None, "broken"), "problem": "Gone."},
            "The model returned no text.",
        ),
        ({"hits": (), "prompt": NO_MODEL, "text": "", "supports": (), "timings": Timings()}, "No model was called"),
        ({"usage": Usage(None, 4, "stopped"), "timings": Timings(first_token=0.1)}, "The answer was stopped."),
        ({"usage": Usage(99, 4, "length", was_cut=True)}, "it cut the prompt"),
    ],
)
def test_incomplete_answers(changes, text):
    assert text in read(to_html(made_turn(made_answer(**changes)), collection_name="Sample")).all("main")[0].text


def test_a_bars_pieces_fill_it():
    answer = made_answer(timings=Timings(rewriting=1.0, retrieval=0.0, writing=3.0))
    reader = read(to_html(made_turn(answer), collection_name="Sample"))
    bars = [one for one in reader.elements if one.tag == "svg" and one.attributes.get("class") == "bar"]
    assert [one.attributes["aria-label"] for one in bars] == ["What fills the context window", "Where the time went"]
    pieces = [one.attributes for one in reader.elements if one.tag == "rect" and "x" in one.attributes][-2:]
    assert [(float(one["x"]), float(one["width"])) for one in pieces] == [(0.0, 250.0), (250.0, 750.0)]
    assert [one.text for one in reader.all("span", "key")][-2:] == ["rewriting the question 1.0 s", "writing 3.0 s"]


def test_similarities_are_shaded_from_0_to_1():
    assert [scale_step(score) for score in (-0.4, 0.0, 0.5, 1.0, 1.2)] == [0, 0, 4, 8, 8]
    style = read(to_html(made_turn(made_answer()), collection_name="Sample")).all("style")[0].text
    assert all(f".s{step} {{ background: {colour};" in style for step, colour in enumerate(SCALE))


def test_the_steps_are_those_of_the_page():
    answer = made_answer()
    reader = read(to_html(made_turn(answer), collection_name="Sample", maps=[made_map()]))
    heads = [" ".join(one.text.split()) for one in reader.all("h3")]
    steps = answer_steps(answer, made_map(), model_label=answer.model)
    assert len(heads) == len(steps) == 6
    for head, step in zip(heads, steps, strict=True):
        assert head.startswith(f"{step.number} {step.title}")
        assert step.sentence in [one.text for one in reader.all("p")]


def test_passages_that_the_model_did_not_see_are_folded():
    reader = read(to_html(made_turn(made_answer()), collection_name="Sample"))
    (folded,) = reader.all("details")
    assert PASSAGES[2] in folded.text
    assert PASSAGES[0] not in folded.text


def test_an_excerpt_is_shown_next_to_the_whole_passage():
    answer = made_answer()
    hits = (replace(answer.hits[0], excerpt="29 days"), answer.hits[1])
    shown = replace(answer, prompt=replace(answer.prompt, hits=hits))
    passage = read(to_html(made_turn(shown), collection_name="Sample")).all("div", "passage")[0].text
    assert "The model was shown only this part:" in passage
    assert "\n29 days" in passage
    assert PASSAGES[0] in passage


@pytest.mark.slow
def test_the_report_opens_offline_in_a_browser(tmp_path: Path):
    if not CHROMIUM.exists():
        lacking(f"no Chromium at {CHROMIUM}")
    file = tmp_path / "report.html"
    answers = made_answer(), hostile_answer(HOSTILE)
    file.write_text(
        to_html(made_turn(*answers), collection_name=HOSTILE, maps=[made_map(), made_map(HOSTILE)]), encoding="utf-8"
    )
    with launch() as browser:
        page = browser.new_context(offline=True, viewport={"width": 420, "height": 800}).new_page()
        asked, wrong = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: message.type != "error" or wrong.append(message.text))
        page.goto(file.as_uri())
        shows_its_passage(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 420
        assert page.title() == answers[0].question
        assert asked == [file.as_uri()]
        assert wrong == []


def shows_its_passage(page) -> None:
    """A card opens inside the window when a chip is hovered or has keyboard focus; Enter goes to the passage."""
    chip = page.locator(".chip").first
    card = chip.locator(".card")
    assert not card.is_visible()
    chip.hover()
    box = card.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 420
    assert "29 days of paid leave" in card.inner_text()
    page.mouse.move(0, 0)
    assert not card.is_visible()
    chip.focus()
    assert card.is_visible()
    page.keyboard.press("Enter")
    assert page.locator(".passage:target").bounding_box()["y"] < 800
