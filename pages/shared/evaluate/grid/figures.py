"""Plotly figures of a comparison of settings: the heat map, and quality against cost. Without Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rag.map.colours import PALETTE, SCALE

_BEST, _PRESENT = "★", "present"
_ARROWS = ("▼", "▲")
_QUIET = "#767E86"
"""Text outside coloured cells: readable on the light and on the dark page."""
_FRAME = "#D55E00"
_ROW = 46
"""Height of a row of cells in pixels."""
_LEAST_RANGE = 0.05
"""Means that are closer together than this are not spread over the whole scale of colours."""
_LONG = 20
"""A label of a row with more characters takes two lines."""
_WIDE, _TALL = 0.97, 0.92
"""Width and height of the frame, of the 1 by 1 that a cell has."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A setting in the heat map: its row, column, number and text when pointed at; `mean` is None if not measured.

    `clear_change` is the change from the present setting if it is clear, else 0.
    """

    row: int
    column: int
    number: int
    mean: float | None
    about: str
    is_best: bool = False
    is_present: bool = False
    clear_change: float = 0.0


def heat_map(cells: Sequence[Cell], rows: Sequence[str], columns: Sequence[str]) -> go.Figure:
    """Each setting's mean as a coloured cell with its figure; cells without a setting stay empty.

    The best has a star, the present one a frame, and those that are clearly better or worse an arrow. A click on a
    cell selects a point whose `customdata` is the number of the setting.
    """
    shown = [cell for cell in cells if cell.mean is not None]
    low, high = _range([cell.mean for cell in shown if cell.mean is not None])
    means: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    for cell in shown:
        means[cell.row][cell.column] = cell.mean
    figure = go.Figure()
    figure.add_heatmap(
        z=means, x=list(range(len(columns))), y=list(range(len(rows))), zmin=low, zmax=high, xgap=3, ygap=3,
        colorscale=[[place / (len(SCALE) - 1), colour] for place, colour in enumerate(SCALE)], hoverinfo="skip",
        showscale=False,
    )  # fmt: skip
    # A heat map takes no clicks; unseen bars over its cells do.
    figure.add_bar(
        x=[cell.column for cell in shown], y=[1] * len(shown), base=[cell.row - 0.5 for cell in shown],
        width=1, marker={"color": "rgba(0,0,0,0)", "line": {"width": 0}}, showlegend=False,
        customdata=[cell.number for cell in shown], hovertext=[cell.about for cell in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
    )  # fmt: skip
    for cell in cells:
        _label(figure, cell, low, high)
    figure.update_layout(
        height=74 + _ROW * len(rows), margin={"l": 0, "r": 0, "t": 4, "b": 0}, clickmode="event+select"
    )
    figure.update_layout(dragmode=False)
    figure.update_xaxes(
        tickvals=list(range(len(columns))), ticktext=list(columns), side="top", showgrid=False, zeroline=False,
        range=[-0.5, len(columns) - 0.5], fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=[f"{_in_two_lines(row)} " for row in rows], showgrid=False,
        zeroline=False, range=[len(rows) - 0.5, -0.5], fixedrange=True, automargin=True,
    )  # fmt: skip
    return figure


def _in_two_lines(label: str) -> str:
    """A long label with a line break after its first part, so that the cells have room on a phone."""
    first, comma, rest = label.partition(", ")
    return f"{first},<br>{rest}" if comma and len(label) > _LONG else label


def _range(means: Sequence[float]) -> tuple[float, float]:
    """The ends of the scale of colours."""
    low, high = min(means, default=0.0), max(means, default=1.0)
    spare = max(0.0, _LEAST_RANGE - (high - low)) / 2
    return low - spare, high + spare


def _label(figure: go.Figure, cell: Cell, low: float, high: float) -> None:
    if cell.is_present:
        figure.add_shape(
            type="rect", x0=cell.column - _WIDE / 2, x1=cell.column + _WIDE / 2, y0=cell.row - _TALL / 2,
            y1=cell.row + _TALL / 2,
            line={"color": _FRAME, "width": 3},
        )  # fmt: skip
    if cell.mean is None:
        text, colour = "not measured yet", _QUIET
    else:
        star, note = f"{_BEST} " if cell.is_best else "", f"<br>{_PRESENT}" if cell.is_present else ""
        arrow = f" {_ARROWS[cell.clear_change > 0]}" if cell.clear_change else ""
        figures = f"{star}{cell.mean:.2f}{arrow}"
        text = f"{f'<b>{figures}</b>' if cell.is_best else figures}<span style='font-size:10px'>{note}</span>"
        # The upper part of the scale is bright.
        colour = "#1B2127" if (cell.mean - low) / (high - low) > 0.6 else "#FFFFFF"
    figure.add_annotation(
        x=cell.column, y=cell.row, text=text, showarrow=False, font={"color": colour, "size": 14}, captureevents=False
    )


@dataclass(frozen=True, slots=True)
class CostPoint:
    """A setting in the picture of quality and cost."""

    cost: float
    mean: float
    search: str
    about: str
    is_best: bool = False
    is_present: bool = False


def cost_figure(points: Sequence[CostPoint], searches: Sequence[str], metric: str, cost: str) -> go.Figure:
    """Each setting's mean over its cost, by search; the best has a star, the present one a ring."""
    figure = go.Figure()
    symbols = ("circle", "square", "diamond")
    for number, search in enumerate(searches):
        of_search = [point for point in points if point.search == search]
        figure.add_scatter(
            x=[point.cost for point in of_search],
            y=[point.mean for point in of_search],
            mode="markers",
            name=search,
            marker={"size": 10, "color": PALETTE[number], "symbol": symbols[number % len(symbols)]},
            text=[point.about for point in of_search],
            hovertemplate="%{text}<extra></extra>",
        )
    for point in points:
        for is_so, text in ((point.is_best, _BEST), (point.is_present, _PRESENT)):
            if is_so:
                figure.add_annotation(
                    x=point.cost, y=point.mean, text=text, showarrow=False, yshift=15 if text == _BEST else -15,
                    font={"size": 16 if text == _BEST else 11, "color": _FRAME},
                )  # fmt: skip
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0}
    figure.update_layout(height=280, margin={"l": 0, "r": 8, "t": 8, "b": 0}, legend=legend)
    figure.update_xaxes(title=cost, rangemode="tozero")
    figure.update_yaxes(title=metric)
    return figure
