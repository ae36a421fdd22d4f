"""Arrays -> plotly figures. Pure, no Streamlit."""

from __future__ import annotations

import plotly.graph_objects as go

from rag.chunk_preview import SizeSummary
from rag.map_colours import PALETTE
from rag.map_quality import DistancePairs


def shepard_figure(pairs: DistancePairs) -> go.Figure:
    """Pairs of chunks: how far apart they are against how far apart they are drawn."""
    figure = go.Figure()
    figure.add_scattergl(
        x=pairs.cosine_distances,
        y=pairs.map_distances,
        mode="markers",
        marker={"size": 3, "opacity": 0.35, "color": PALETTE[0]},
        hoverinfo="skip",
    )
    figure.update_layout(height=300, margin={"l": 0, "r": 0, "t": 4, "b": 0})
    figure.update_xaxes(title="distance between embeddings (1 - cosine)", rangemode="tozero")
    figure.update_yaxes(title="distance on the map", rangemode="tozero", showticklabels=False)
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
