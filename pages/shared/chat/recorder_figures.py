"""Figures of an answer's steps: its map, the similarity of sentences to passages, bars of shares."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from rag.map.colours import OTHER, PALETTE, SCALE
from rag.map.export.templates import render
from rag.report.answer_map import AnswerMap
from rag.report.answer_svg import ACCENT, MarkedHit
from rag.report.figures import Share
from rag.report.label_layout import free_name_place, number_offsets

_ASSETS = Path(__file__).parent / "assets"
_MOST_NAMES, _NAME_WIDTH, _NAME_HEIGHT = 8, 140, 18
# Approximate size of the map in pixels: its real width is known only in the browser.
_WIDTH, _HEIGHT = 700, 360
_FEWEST_COLUMNS = 5
_LABEL_WIDTH, _LABEL_LINES = 30, 2
_ROW_HEIGHT = 44


def place_figure(drawn: AnswerMap) -> go.Figure:
    """The map of an answer: chunks in grey, cluster names, the question's star joined to its numbered hits."""
    figure = go.Figure()
    figure.add_scattergl(
        x=drawn.xy[:, 0],
        y=drawn.xy[:, 1],
        mode="markers",
        marker={"size": 5, "opacity": 0.4, "color": OTHER},
        hoverinfo="skip",
    )
    _add_cluster_names(figure, drawn)
    if drawn.star and drawn.hits:
        _add_lines(figure, drawn.star, drawn.hits)
    _add_hits(figure, drawn.hits)
    _add_numbers(figure, drawn.star, [hit for hit in drawn.hits if hit.number])
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
    figure.update_yaxes(visible=False, scaleanchor="x")  # the same scale on both axes keeps distances comparable
    return figure


def _add_cluster_names(figure: go.Figure, drawn: AnswerMap) -> None:
    """The largest clusters' names, clear of marked points; a name that would overlap an earlier one is left out."""
    wide, tall = (max(float(side), 1e-9) for side in np.ptp(drawn.xy, axis=0)) if len(drawn.xy) else (1.0, 1.0)
    scale = min(_WIDTH / wide, _HEIGHT / tall)
    marked = [(hit.x * scale, hit.y * scale) for hit in drawn.hits]
    numbered = [(hit.x, hit.y) for hit in drawn.hits if hit.number]
    offsets = number_offsets(drawn.star, numbered)
    marked += [(x * scale + right, y * scale + up) for (x, y), (right, up) in zip(numbered, offsets, strict=True)]
    marked += [(drawn.star[0] * scale, drawn.star[1] * scale)] if drawn.star else []
    placed: list[tuple[float, float]] = []
    for label in drawn.labels[:_MOST_NAMES]:
        x, y = free_name_place(marked, (label.x * scale, label.y * scale))
        if any(abs(x - ox) < _NAME_WIDTH and abs(y - oy) < _NAME_HEIGHT for ox, oy in placed):
            continue
        placed.append((x, y))
        name = html.escape(textwrap.shorten(label.name, 32, placeholder="…"))
        shift = y - label.y * scale
        figure.add_annotation(x=label.x, y=label.y, text=f"<b>{name}</b>", showarrow=False, yshift=shift, font_size=12)


def _add_lines(figure: go.Figure, star: tuple[float, float], hits: Sequence[MarkedHit]) -> None:
    """A line from the star to each hit."""
    figure.add_scatter(
        x=[x for hit in hits for x in (star[0], hit.x, None)],
        y=[y for hit in hits for y in (star[1], hit.y, None)],
        mode="lines",
        line={"color": ACCENT, "width": 1.5},
        opacity=0.7,
        hoverinfo="skip",
    )


def _add_hits(figure: go.Figure, hits: Sequence[MarkedHit]) -> None:
    """The hits with a ring."""
    figure.add_scatter(
        x=[hit.x for hit in hits],
        y=[hit.y for hit in hits],
        mode="markers",
        marker={"size": 11, "color": PALETTE[0], "line": {"width": 2, "color": ACCENT}},
        hovertext=[f"{f'[{hit.number}] ' if hit.number else ''}{html.escape(hit.name)}" for hit in hits],
        hoverinfo="text",
    )


def _add_numbers(figure: go.Figure, star: tuple[float, float] | None, hits: Sequence[MarkedHit]) -> None:
    """A badge next to each hit with its number in the prompt."""
    for hit, (right, up) in zip(hits, number_offsets(star, [(hit.x, hit.y) for hit in hits]), strict=True):
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


def support_figure(sentences: Sequence[str], scores: Sequence[Sequence[float]], cited: Sequence[int]) -> go.Figure:
    """A heat map of the cosine similarity of each sentence to each passage, from 0 to 1; cited passages have a frame.

    Args:
        sentences: each begins with its number, so that no two are equal.
        scores: a row for each sentence, with a score for each passage.
        cited: the passage that supports each sentence, from 1; 0 where none does.
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
    for row, number in enumerate(cited):
        if number:
            frame = {"x0": number - 1.5, "x1": number - 0.5, "y0": row - 0.5, "y1": row + 0.5}
            figure.add_shape(type="rect", **frame, line={"color": ACCENT, "width": 3})
    height = 52 + _ROW_HEIGHT * len(sentences)
    figure.update_layout(height=height, margin={"l": 0, "r": 0, "t": 36, "b": 0})
    # A few passages get narrow columns, not columns as wide as the page.
    columns = [-0.5, max(len(scores[0]) if scores else 0, _FEWEST_COLUMNS) - 0.5]
    figure.update_xaxes(
        type="category", side="top", tickfont={"size": 14}, showgrid=False, fixedrange=True, range=columns
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, fixedrange=True)
    return figure


def share_bar(parts: Sequence[Share]) -> str:
    """One bar of the parts of a whole, and a legend of the parts that are not empty, as HTML."""
    return render(_ASSETS, "share_bar.html.jinja", {"parts": [part for part in parts if part.amount > 0]})


def _wrapped(sentence: str, width: int, lines: int) -> str:
    """A text for plotly, which interprets some HTML: escaped, and wrapped into a few short lines."""
    kept = textwrap.wrap(sentence, width, max_lines=lines, placeholder=" …")
    return "<br>".join(html.escape(line) for line in kept)
