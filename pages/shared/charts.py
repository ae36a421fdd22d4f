"""Arrays -> plotly figures. Pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rag.chunk_preview import SizeSummary
from rag.map_view import PALETTE, colours_of
from rag.types import Chunk, Projection


def map_figure(projection: Projection, chunks: Sequence[Chunk], labels: Sequence[str]) -> go.Figure:
    """One point a chunk, one trace a label (grey for "other"); customdata holds the chunk's id."""
    figure = go.Figure()
    for label, colour in colours_of(labels).items():
        rows = [row for row, own in enumerate(labels) if own == label]
        figure.add_scattergl(
            x=projection.xy[rows, 0],
            y=projection.xy[rows, 1],
            mode="markers",
            name=label,
            marker={"size": 8, "opacity": 0.85, "color": colour},
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
