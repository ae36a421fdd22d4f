"""A question and its answers as a story to take away: one HTML file that shows what each answer was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rag.answering.grounding import groundedness
from rag.answering.types import Answer, LabelledAnswer, Support, Turn
from rag.report.answer_map import AnswerMap, story_map
from rag.report.figures import (
    MAP_SENTENCE,
    RETRIEVER_NAMES,
    all_hits,
    dependence_sentence,
    ending_sentence,
    fate,
    finding,
    found_sentence,
    left_out_sentences,
    query_sentence,
    reading_sentence,
    retrievers,
    seconds_said,
    similarity,
    source,
    time_parts,
    tokens_per_second,
    verdict_sentences,
    was_searched,
    window_parts,
    window_sentence,
)
from rag.report.html import apart, bar, matrix, paragraph, story_page, table, text, verbatim

_AROUND = 160
_NO_MAP = "No map of the collection had been drawn when this was saved."
_SAVED = "Saved by Embedding Explorer. Everything here was recorded while the answer was made."


def story_html(
    turn: Turn,
    *,
    collection_name: str,
    maps: Sequence[AnswerMap | None] = (),
    model_label: Callable[[str], str] = str,
) -> str:
    """The whole file: the question, its answers side by side with their citations, and how each was made.

    It holds no script and fetches nothing. Every text of a document, a person or a model is shown as text.

    Args:
        maps: of each answer, in order; None for one without, none at all where no map was made.
        model_label: how a model is called where people read its name.
    """
    kind = ' class="alone"' if len(turn.answers) == 1 else ""
    drawn = maps or [None] * len(turn.answers)
    articles = "".join(
        _article(f"a{number}", one, own, model_label, kind)
        for number, (one, own) in enumerate(zip(turn.answers, drawn, strict=True), start=1)
    )
    asked_at = next((one.answer.asked_at for one in turn.answers if one.answer.asked_at), "")
    when = f" on {text(asked_at[:16].replace('T', ' '))} UTC" if asked_at else ""
    about = f"asked of the collection {apart(collection_name)}{when}"
    return story_page(
        turn.question,
        f'<header{kind}><p class="quiet">A question, {about}</p><h1 dir="auto">{text(turn.question)}</h1></header>\n'
        f"<main>{articles}</main>\n"
        f"<footer{kind}>{paragraph(_SAVED, 'quiet')}</footer>",
    )


def _article(name: str, one: LabelledAnswer, drawn: AnswerMap | None, label: Callable[[str], str], kind: str) -> str:
    """An answer with all its steps; `name` tells its anchors from those of the answers beside it."""
    answer, model = one.answer, label(one.answer.model)
    parts = [
        f'<h2 dir="auto">{text(one.label or "Answer")}</h2>',
        paragraph(f"{model} · {seconds_said(answer.timings.total)}", "quiet"),
        paragraph(answer.problem, "warning"),
        f'<div class="answer" dir="auto">{_marked(answer, name) or "The model wrote nothing."}</div>',
        paragraph(groundedness(answer.supports).sentence),
        *(paragraph(sentence, "quiet") for sentence in verdict_sentences(answer)),
        *(paragraph(note, "quiet") for note in answer.notes),
        *_question(answer),
        *_place(drawn, answer),
        *_passages(answer, name),
        *_prompt(answer),
        *_model(answer, model),
        *_sources(answer),
    ]
    return f"<article{kind}>{''.join(parts)}</article>\n"


def _place(drawn: AnswerMap | None, answer: Answer) -> Iterator[str]:
    """The question and its passages on the map, where passages were looked for and one of these points is on it."""
    if not was_searched(answer) or (drawn is not None and not (drawn.star or drawn.hits)):
        return
    yield "<h3>Its place on the map</h3>"
    if drawn is None:
        yield paragraph(_NO_MAP, "quiet")
        return
    notes = " ".join((MAP_SENTENCE, *drawn.notes()))
    yield f"<figure>{story_map(drawn)}<figcaption>{text(notes)}</figcaption></figure>"


def _marked(answer: Answer, name: str) -> str:
    """The answer's text with a chip after each supported sentence, and the others marked."""
    shown, position = [], 0
    for support in sorted(answer.supports, key=lambda one: one.start):
        start = max(support.start, position)
        shown.append(text(answer.text[position:start]))
        shown.append(f'<span class="{support.verdict}">{text(answer.text[start : support.end])}</span>')
        if 0 < support.number <= len(answer.prompt.hits):
            shown.append(_chip(answer, support, name))
        position = max(support.end, position)
    return "".join(shown) + text(answer.text[position:])


def _chip(answer: Answer, support: Support, name: str) -> str:
    """A link to the passage, which shows its supporting words when it is pointed at or reached by the keyboard."""
    hit = answer.prompt.hits[support.number - 1]
    (start, end), whole = support.passage, hit.chunk.text
    before, after = whole[max(start - _AROUND, 0) : start], whole[end : end + _AROUND]
    left, right = "… " if start > _AROUND else "", " …" if end + _AROUND < len(whole) else ""
    card = f"{left}{text(before)}<mark>{text(whole[start:end])}</mark>{text(after)}{right}"
    score = support.scores[support.number - 1]
    return (
        f'<a class="chip" href="#{name}-p{support.number}">[{support.number}]<span class="card" role="tooltip">'
        f'<b>{apart(source(hit))} · similarity {score:.2f}</b><span dir="auto">{card}</span></span></a>'
    )


def _question(answer: Answer) -> Iterator[str]:
    yield "<h3>What was searched for</h3>"
    yield paragraph(query_sentence(answer), "quiet")
    if was_searched(answer):
        yield f'<p dir="auto"><b>{text(answer.query)}</b></p>'


def _passages(answer: Answer, name: str) -> Iterator[str]:
    """The hits as a table, then the text of each that the model was shown."""
    hits = all_hits(answer)
    yield "<h3>What was found</h3>"
    yield paragraph(found_sentence(answer), "quiet")
    if not hits:
        return
    found_by = retrievers(hits)
    head = ["in the prompt", "passage", "similarity", *(f"rank by {RETRIEVER_NAMES.get(r, r)}" for r in found_by)]
    rows = []
    for hit in hits:
        near = similarity(hit)
        ranks = [finding(hit, retriever) for retriever in found_by]
        own = [f"{one.rank:,} ({one.score:.2f})" if one else "–" for one in ranks]
        rows.append([fate(answer, hit), source(hit), "–" if near is None else f"{near:.2f}", *own])
    yield table(head, rows, 2)
    for number, hit in enumerate(answer.prompt.hits, start=1):
        yield f'<div class="passage" id="{name}-p{number}"><p><b>[{number}] {apart(source(hit))}</b></p>'
        yield f"{verbatim(hit.chunk.text, f'Passage {number}')}</div>"


def _prompt(answer: Answer) -> Iterator[str]:
    prompt = answer.prompt
    yield "<h3>What the model was sent</h3>"
    yield paragraph(window_sentence(prompt), "quiet")
    if not prompt.messages:
        return
    about = "What fills the context window"
    yield bar(window_parts(prompt), lambda tokens: f"{tokens:,.0f}", about=about)
    for sentence in left_out_sentences(prompt):
        yield paragraph(sentence, "quiet")
    yield paragraph(reading_sentence(answer), "warning" if answer.usage.was_cut else "quiet")
    for message in prompt.messages:
        yield f'<p class="quiet">{text(message.role)}</p>{verbatim(message.content, f"Message: {message.role}")}'


def _model(answer: Answer, name: str) -> Iterator[str]:
    yield "<h3>The model at work</h3>"
    if answer.prompt.messages:
        yield paragraph(" · ".join(_work(answer, name)), "quiet")
    yield paragraph(ending_sentence(answer))
    yield bar(time_parts(answer.timings), seconds_said, about="Where the time went")
    if answer.thoughts:
        yield f"<details><summary>What it thought before</summary>{verbatim(answer.thoughts, 'Thoughts')}</details>"


def _work(answer: Answer, name: str) -> Sequence[str]:
    said = [name, f"temperature {answer.temperature:g}"]
    if answer.timings.first_token is not None:
        said.append(f"first token after {seconds_said(answer.timings.first_token)}")
    if answer.usage.answer_tokens is not None:
        said.append(f"{answer.usage.answer_tokens:,} tokens written")
    if (speed := tokens_per_second(answer)) is not None:
        said.append(f"{speed:.0f} tokens/s")
    return said


def _sources(answer: Answer) -> Iterator[str]:
    if not answer.supports or not answer.prompt.hits:
        return
    yield "<h3>Which sentence comes from where</h3>"
    yield paragraph("Similarity of each sentence to each passage, from 0 to 1. Ringed: the passage cited.", "quiet")
    sentences = [f"{i}. {answer.text[one.start : one.end].strip()}" for i, one in enumerate(answer.supports, start=1)]
    yield matrix(sentences, [one.scores for one in answer.supports], [one.number for one in answer.supports])
    for dependence in answer.dependences:
        yield paragraph(dependence_sentence(dependence), "quiet")
