"""Plotly figures of the Evaluate page, without Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from rag.evaluation.abstention import AbstentionPoint
from rag.evaluation.run import MeanFigure
from rag.map.colours import PALETTE

_APART = 0.2
"""How far the searches are apart within a metric, which takes 1."""


def metrics_figure(shown: Mapping[str, Mapping[str, MeanFigure]], names: Mapping[str, str]) -> go.Figure:
    """Each search's mean of each metric as a point with its 95 % interval, one row for each metric.

    Args:
        shown: the means by search and metric.
        names: the metrics in the order of the rows, and what they are called.
    """
    figure = go.Figure()
    metrics = list(names)
    for number, (search, means) in enumerate(shown.items()):
        shift = (number - (len(shown) - 1) / 2) * _APART
        figures = [means[metric] for metric in metrics]
        figure.add_scatter(
            x=[one.mean for one in figures],
            y=[row + shift for row in range(len(metrics))],
            mode="markers",
            name=search,
            marker={"size": 10, "color": PALETTE[number], "symbol": ("circle", "square", "diamond")[number % 3]},
            error_x={
                "type": "data", "symmetric": False, "thickness": 2, "width": 4, "color": PALETTE[number],
                "array": [one.high - one.mean for one in figures],
                "arrayminus": [one.mean - one.low for one in figures],
            },
            customdata=[[one.low, one.high, names[metric]] for metric, one in zip(metrics, figures, strict=True)],
            hovertemplate="%{customdata[2]} %{x:.2f} (%{customdata[0]:.2f} to %{customdata[1]:.2f})"
            "<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    lowest = min(means[metric].low for means in shown.values() for metric in metrics)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0}
    figure.update_layout(height=300, margin={"l": 0, "r": 8, "t": 8, "b": 0}, legend=legend)
    figure.update_xaxes(
        title="average over the questions, with its 95 % interval", range=[max(0.0, lowest - 0.05), 1.02]
    )
    figure.update_yaxes(
        tickvals=list(range(len(metrics))), ticktext=[f"{names[metric]} " for metric in metrics], showgrid=False,
        range=[len(metrics) - 0.5, -0.5], zeroline=False,
    )  # fmt: skip
    return figure


def abstention_figure(curve: Sequence[AbstentionPoint], best: AbstentionPoint) -> go.Figure:
    """The shares of answerable and unanswerable questions that are answered, over the minimum similarity."""
    figure = go.Figure()
    lines = (
        ("answerable questions", [point.answered for point in curve], PALETTE[0], "solid"),
        ("unanswerable questions", [point.wrongly_answered for point in curve], PALETTE[5], "dash"),
    )
    for name, shares, colour, dash in lines:
        figure.add_scatter(
            x=[point.minimum for point in curve],
            y=shares,
            mode="lines",
            line={"shape": "hvh", "color": colour, "width": 2.5, "dash": dash},
            name=name,
            hovertemplate="at a minimum of %{x:.2f}: %{y:.0%}<extra>%{fullData.name}</extra>",
        )
    figure.add_vline(x=best.minimum, line={"color": PALETTE[1], "width": 2, "dash": "dot"})
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0}
    figure.update_layout(height=280, margin={"l": 0, "r": 8, "t": 8, "b": 0}, legend=legend)
    figure.update_xaxes(title="minimum similarity", rangemode="tozero")
    figure.update_yaxes(title="share that is answered", range=[-0.02, 1.04], tickformat=".0%")
    return figure
