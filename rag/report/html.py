"""Write a question and its answers as one HTML report that shows how each answer was made.

The page is a template (assets/report.html.jinja) that holds its style, runs no script and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answering.grounding import groundedness
from rag.answering.types import Answer, LabelledAnswer, Turn
from rag.map.colours import SCALE
from rag.map.export.templates import render, render_page, trusted
from rag.report.answer_map import AnswerMap, to_svg
from rag.report.citations import Segment, segments
from rag.report.figures import format_seconds
from rag.report.steps import Cell, Column, Step, answer_steps

_ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class _Article:
    """An answer as the template shows it; `name` is the prefix of its anchors, which must be unique on the page."""

    name: str
    label: str
    model: str
    answer: Answer
    segments: tuple[Segment, ...]
    groundedness: str
    steps: tuple[Step, ...]


def to_html(
    turn: Turn,
    *,
    collection_name: str,
    maps: Sequence[AnswerMap | None] = (),
    model_label: Callable[[str], str] = str,
) -> str:
    """The whole file: the question, its answers side by side with their citations, and the steps of each.

    It holds no script and fetches nothing. Every text of a document, a person or a model is shown as text.

    Args:
        maps: one for each answer, in order; None for an answer without one. Empty if no map was computed.
        model_label: returns the name to show for a model.

    Raises:
        ValueError: the number of maps is neither 0 nor that of the answers.
    """
    drawn = maps or [None] * len(turn.answers)
    articles = [
        _article(f"a{number}", one, answer_map, model_label)
        for number, (one, answer_map) in enumerate(zip(turn.answers, drawn, strict=True), start=1)
    ]
    asked_at = next((one.answer.asked_at for one in turn.answers if one.answer.asked_at), "")
    context = {
        "articles": articles,
        "collection_name": collection_name,
        "asked_at": asked_at[:16].replace("T", " "),
        "cell_text": _cell_text,
        "scale_step": scale_step,
        "seconds": format_seconds,
        "svg": lambda answer_map: trusted(to_svg(answer_map)),
    }
    style = render(_ASSETS, "report.css.jinja", {"scale": SCALE})
    return render_page(_ASSETS, "report.html.jinja", context, title=turn.question, style=style)


def scale_step(score: float) -> int:
    """The colour of a similarity: its position in SCALE, the first for 0 and below, the last for 1."""
    return round(min(max(score, 0.0), 1.0) * (len(SCALE) - 1))


def _article(
    name: str, one: LabelledAnswer, answer_map: AnswerMap | None, model_label: Callable[[str], str]
) -> _Article:
    answer, model = one.answer, model_label(one.answer.model)
    return _Article(
        name,
        one.label or "Answer",
        model,
        answer,
        segments(answer),
        groundedness(answer.supports).sentence,
        answer_steps(answer, answer_map, model_label=model),
    )


def _cell_text(column: Column, cell: Cell) -> str:
    """A table's value as text; a dash for None."""
    if cell is None:
        return "–"
    if column.holds in ("score", "similarity"):
        return f"{cell:.2f}"
    return f"{cell:,}" if column.holds == "count" else str(cell)
