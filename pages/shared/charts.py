"""Arrays -> plotly figures. Pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rag.chunk_preview import SizeSummary
from rag.types import Chunk, Projection

# Okabe and Ito's eight colours without black, then hues that stay apart from them and from one another.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A600",
    "#7B5EA7", "#8C564B", "#5A7D2A", "#E15F9C", "#1B7F8C", "#A05195", "#665191",
)  # fmt: skip
OTHER = "#9AA3AB"
OTHER_NAME = "other, or without a value"


def map_figure(projection: Projection, chunks: Sequence[Chunk], labels: Sequence[str]) -> go.Figure:
    """One point a chunk, one trace a label (grey for "other"); customdata holds the chunk's id."""
    figure = go.Figure()
    distinct = sorted({label for label in labels if label != OTHER_NAME})
    colours = {label: PALETTE[i] if i < len(PALETTE) else OTHER for i, label in enumerate(distinct)}
    for label in [*distinct, *([OTHER_NAME] if OTHER_NAME in labels else [])]:
        rows = [row for row, own in enumerate(labels) if own == label]
        figure.add_scattergl(
            x=projection.xy[rows, 0],
            y=projection.xy[rows, 1],
            mode="markers",
            name=label,
            marker={"size": 8, "opacity": 0.85, "color": colours.get(label, OTHER)},
            customdata=projection.chunk_ids[rows],
            text=[_hover(chunks[row].text) for row in rows],
            hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    figure.update_layout(
        height=600,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        legend={"orientation": "h", "yanchor": "top", "y": -0.01, "itemsizing": "constant"},
        dragmode="pan",
        uirevision="map",
    )
    return figure


def size_histogram(sizes: SizeSummary) -> go.Figure:
    """Chunks by their number of tokens."""
    figure = go.Figure()
    figure.add_bar(
        x=[(one.low + one.high) / 2 for one in sizes.bins],
        y=[one.count for one in sizes.bins],
        marker={"color": PALETTE[0]},
    )
    figure.update_layout(height=150, margin={"l": 0, "r": 0, "t": 4, "b": 0}, bargap=0.08)
    figure.update_xaxes(title="tokens a chunk", rangemode="tozero")
    figure.update_yaxes(title="chunks", nticks=4)
    return figure


def _hover(text: str, width: int = 56, lines: int = 4) -> str:
    """The beginning of a text as lines for a hover box, with HTML escaped."""
    import html
    import textwrap

    shown = textwrap.wrap(" ".join(text.split()), width)
    more = " ..." if len(shown) > lines else ""
    return "<br>".join(html.escape(line) for line in shown[:lines]) + more
