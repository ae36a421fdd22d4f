"""The flight recorder's pictures: an answer's place on the map, its sentences against its passages, shares. Pure."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go

from rag.map.colours import OTHER, PALETTE, SCALE
from rag.report.answer_map import AnswerMap
from rag.report.answer_svg import ACCENT, Pointed
from rag.report.figures import Part
from rag.report.label_layout import beside, clear_of

_MOST_NAMES, _NAME_WIDTH, _NAME_HEIGHT = 8, 140, 18
# How large the map is about: the browser says how wide it is only when it is drawn.
_WIDTH, _HEIGHT = 700, 360
_FEWEST_COLUMNS = 5
_LABEL_WIDTH, _LABEL_LINES = 30, 2
_ROW_HEIGHT = 44


def place_figure(drawn: AnswerMap) -> go.Figure:
    """The chunks in grey with their clusters' names; the question's star joined to its hits, which are numbered."""
    figure = go.Figure()
    figure.add_scattergl(
        x=drawn.xy[:, 0],
        y=drawn.xy[:, 1],
        mode="markers",
        marker={"size": 5, "opacity": 0.4, "color": OTHER},
        hoverinfo="skip",
    )
    _name(figure, drawn)
    if drawn.star and drawn.hits:
        _join(figure, drawn.star, drawn.hits)
    _ring(figure, drawn.hits)
    _number(figure, drawn.star, [hit for hit in drawn.hits if hit.number])
    if drawn.star:
        figure.add_scatter(
            x=[drawn.star[0]],
            y=[drawn.star[1]],
            mode="markers",
            marker={"size": 17, "symbol": "star", "color": ACCENT, "line": {"width": 1, "color": "white"}},
            hovertext="the question",
            hoverinfo="text",
        )
    figure.update_layout(height=400, margin={"l": 0, "r": 0, "t": 8, "b": 0}, showlegend=False, dragmode="pan")
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")  # one scale both ways: near must look near
    return figure


def _name(figure: go.Figure, drawn: AnswerMap) -> None:
    """The largest clusters' names, clear of what is marked; those that would lie on another are left out."""
    wide, tall = (max(float(side), 1e-9) for side in np.ptp(drawn.xy, axis=0)) if len(drawn.xy) else (1.0, 1.0)
    scale = min(_WIDTH / wide, _HEIGHT / tall)
    marked = [(hit.x * scale, hit.y * scale) for hit in drawn.hits]
    numbered = [(hit.x, hit.y) for hit in drawn.hits if hit.number]
    offsets = beside(drawn.star, numbered)
    marked += [(x * scale + right, y * scale + up) for (x, y), (right, up) in zip(numbered, offsets, strict=True)]
    marked += [(drawn.star[0] * scale, drawn.star[1] * scale)] if drawn.star else []
    taken: list[tuple[float, float]] = []
    for label in drawn.labels[:_MOST_NAMES]:
        x, y = clear_of(marked, (label.x * scale, label.y * scale))
        if any(abs(x - ox) < _NAME_WIDTH and abs(y - oy) < _NAME_HEIGHT for ox, oy in taken):
            continue
        taken.append((x, y))
        name = html.escape(textwrap.shorten(label.name, 32, placeholder="…"))
        shift = y - label.y * scale
        figure.add_annotation(x=label.x, y=label.y, text=f"<b>{name}</b>", showarrow=False, yshift=shift, font_size=12)


def _join(figure: go.Figure, star: tuple[float, float], hits: Sequence[Pointed]) -> None:
    """A line from the star to each hit."""
    figure.add_scatter(
        x=[x for hit in hits for x in (star[0], hit.x, None)],
        y=[y for hit in hits for y in (star[1], hit.y, None)],
        mode="lines",
        line={"color": ACCENT, "width": 1.5},
        opacity=0.7,
        hoverinfo="skip",
    )


def _ring(figure: go.Figure, hits: Sequence[Pointed]) -> None:
    """The hits with a ring."""
    figure.add_scatter(
        x=[hit.x for hit in hits],
        y=[hit.y for hit in hits],
        mode="markers",
        marker={"size": 11, "color": PALETTE[0], "line": {"width": 2, "color": ACCENT}},
        hovertext=[f"{f'[{hit.number}] ' if hit.number else ''}{html.escape(hit.name)}" for hit in hits],
        hoverinfo="text",
    )


def _number(figure: go.Figure, star: tuple[float, float] | None, hits: Sequence[Pointed]) -> None:
    """A badge beside each hit with its number in the prompt."""
    for hit, (right, up) in zip(hits, beside(star, [(hit.x, hit.y) for hit in hits]), strict=True):
        figure.add_annotation(
            x=hit.x,
            y=hit.y,
            ax=right,
            ay=-up,
            text=f"<b>{hit.number}</b>",
            font={"size": 13, "color": "white"},
            bgcolor=ACCENT,
            borderpad=2,
            arrowhead=0,
            arrowwidth=1,
            arrowcolor=ACCENT,
            standoff=6,
        )


def support_figure(sentences: Sequence[str], scores: Sequence[Sequence[float]], supporting: Sequence[int]) -> go.Figure:
    """Similarity of each sentence to each passage, from 0 to 1; the passage that supports a sentence is framed.

    Args:
        sentences: each begins with its number, so that no two are the same.
        scores: a row for each sentence, all as long as there are passages.
        supporting: the passage that supports each sentence, from 1; 0 where none does.
    """
    labels = [_wrapped(sentence, _LABEL_WIDTH, _LABEL_LINES) for sentence in sentences]
    figure = go.Figure()
    figure.add_heatmap(
        z=scores,
        x=[f"[{number}]" for number in range(1, len(scores[0]) + 1)] if scores else [],
        y=labels,
        text=[[f"{score:.2f}" for score in row] for row in scores],
        texttemplate="%{text}",
        colorscale=list(SCALE),
        zmin=0,
        zmax=1,
        xgap=2,
        ygap=2,
        showscale=False,
        hovertemplate="%{y}<br>and passage %{x}: similarity %{z:.2f}<extra></extra>",
    )
    for row, number in enumerate(supporting):
        if number:
            frame = {"x0": number - 1.5, "x1": number - 0.5, "y0": row - 0.5, "y1": row + 0.5}
            figure.add_shape(type="rect", **frame, line={"color": ACCENT, "width": 3})
    height = 52 + _ROW_HEIGHT * len(sentences)
    figure.update_layout(height=height, margin={"l": 0, "r": 0, "t": 36, "b": 0})
    # Few passages get narrow columns, not bars as wide as the page.
    columns = [-0.5, max(len(scores[0]) if scores else 0, _FEWEST_COLUMNS) - 0.5]
    figure.update_xaxes(
        type="category", side="top", tickfont={"size": 14}, showgrid=False, fixedrange=True, range=columns
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, fixedrange=True)
    return figure


def share_bar(parts: Sequence[Part], said: Callable[[float], str]) -> str:
    """One bar of what a whole is made of, and a legend of the parts that are not empty: HTML.

    Args:
        said: an amount as it is written in the legend.
    """
    shown = [(part, html.escape(f"{part.name} {said(part.amount)}")) for part in parts if part.amount > 0]
    pieces = "".join(
        f'<div title="{name}" style="flex:{part.amount} 0 2px;background:{part.colour}"></div>' for part, name in shown
    )
    legend = "".join(
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:11px;height:11px;'
        f'margin-right:5px;background:{part.colour}"></span>{name}</span>'
        for part, name in shown
    )
    return (
        f'<div style="display:flex;height:26px;border-radius:4px;overflow:hidden">{pieces}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:2px 18px;margin-top:6px;font-size:.9rem">{legend}</div>'
    )


def _wrapped(sentence: str, width: int, lines: int) -> str:
    """A text for plotly, which reads some HTML: escaped, and in a few short lines."""
    kept = textwrap.wrap(sentence, width, max_lines=lines, placeholder=" …")
    return "<br>".join(html.escape(line) for line in kept)
