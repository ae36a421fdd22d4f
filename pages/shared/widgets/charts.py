"""Plotly figures from arrays, without Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from rag.chunking.preview import SizeSummary
from rag.index.benchmark import BenchmarkResult
from rag.map.colours import OTHER, PALETTE
from rag.map.quality import DistancePairs
from rag.neighbors.graph import NeighborGraph
from rag.neighbors.score_distribution import ScoreDistribution

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_RING = "#D5006D"


def shepard_figure(pairs: DistancePairs) -> go.Figure:
    """Shepard diagram: for pairs of chunks, the distance of their embeddings against their distance on the map."""
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
    """A histogram of the number of tokens per chunk."""
    figure = go.Figure()
    figure.add_bar(
        x=[(one.low + one.high) / 2 for one in sizes.bins],
        y=[one.count for one in sizes.bins],
        marker={"color": PALETTE[0]},
    )
    figure.update_layout(height=150, margin={"l": 0, "r": 0, "t": 4, "b": 0}, bargap=0.08)
    figure.update_xaxes(title="tokens per chunk", rangemode="tozero")
    figure.update_yaxes(title="chunks", nticks=4)
    return figure


def distribution_figure(distribution: ScoreDistribution, marked: Sequence[float]) -> go.Figure:
    """A histogram of similarities, with a line at each marked value."""
    edges = distribution.edges.tolist()
    figure = go.Figure()
    figure.add_bar(
        x=[(low + high) / 2 for low, high in pairwise(edges)],
        y=distribution.counts.tolist(),
        width=[high - low for low, high in pairwise(edges)],
        marker={"color": PALETTE[0], "opacity": 0.75},
        hovertemplate="similarity %{x:.2f}: %{y} chunks<extra></extra>",
    )
    for score in marked:
        figure.add_vline(x=score, line={"color": PALETTE[1], "width": 2})
    figure.update_layout(height=260, margin={"l": 0, "r": 0, "t": 8, "b": 0}, bargap=0, showlegend=False)
    figure.update_xaxes(title="similarity")
    figure.update_yaxes(title="chunks", nticks=4)
    return figure


def heat_figure(similarities: FloatArray, names: Sequence[str]) -> go.Figure:
    """A heat map of the cosine similarity of every pair."""
    figure = go.Figure()
    figure.add_heatmap(
        z=similarities,
        x=list(names),
        y=list(names),
        colorscale="Viridis",
        hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0},
    )
    figure.update_layout(height=340, margin={"l": 0, "r": 0, "t": 8, "b": 0})
    figure.update_xaxes(type="category", nticks=12)
    figure.update_yaxes(type="category", autorange="reversed", nticks=12)
    return figure


def graph_figure(graph: NeighborGraph, names: Sequence[str]) -> go.Figure:
    """A graph in which each point is linked to its nearest; the first point is the query."""
    figure = go.Figure()
    for is_mutual, width in ((False, 1), (True, 3)):
        places: list[tuple[float | None, float | None]] = []
        for (left, right), edge_is_mutual in zip(graph.edges.tolist(), graph.is_mutual.tolist(), strict=True):
            if edge_is_mutual == is_mutual:
                places += [tuple(graph.xy[left].tolist()), tuple(graph.xy[right].tolist()), (None, None)]
        xs, ys = [place[0] for place in places], [place[1] for place in places]
        line = {"color": OTHER, "width": width}
        figure.add_scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    figure.add_scatter(
        x=graph.xy[:, 0],
        y=graph.xy[:, 1],
        mode="markers+text",
        text=["★", *names[1:]],
        textposition="top center",
        marker={"size": 11, "color": [PALETTE[5], *([PALETTE[0]] * (len(names) - 1))]},
        hovertext=list(names),
        hoverinfo="text",
        showlegend=False,
    )
    figure.update_layout(height=340, margin={"l": 0, "r": 0, "t": 8, "b": 0})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def occurrence_figure(counts: IntArray, k: int) -> go.Figure:
    """A histogram of how often each chunk is among the k nearest neighbors of others."""
    figure = go.Figure()
    figure.add_histogram(x=counts, marker={"color": PALETTE[0]}, hovertemplate="%{x}: %{y} chunks<extra></extra>")
    figure.update_layout(height=200, margin={"l": 0, "r": 0, "t": 8, "b": 0}, bargap=0.05)
    figure.update_xaxes(title=f"times among the top {k}")
    figure.update_yaxes(title="chunks", nticks=4)
    return figure


def frontier_figure(sweeps: Mapping[str, Sequence[BenchmarkResult]], best: Sequence[BenchmarkResult]) -> go.Figure:
    """Recall against the median time of one query, a line for each index type; the best points are ringed."""
    figure = go.Figure()
    for number, (name, results) in enumerate(sweeps.items()):
        figure.add_scatter(
            x=[one.p50_ms for one in results],
            y=[one.recall for one in results],
            mode="lines+markers",
            name=name,
            line={"color": PALETTE[number], "width": 2},
            marker={
                "size": 9,
                "line": {"color": [_RING if one in best else PALETTE[number] for one in results], "width": 3},
            },
            hovertemplate="recall %{y:.3f}, %{x:.2f} ms<extra>%{fullData.name}</extra>",
        )
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.02}
    figure.update_layout(height=380, margin={"l": 0, "r": 0, "t": 8, "b": 0}, legend=legend)
    figure.update_xaxes(title="median time of one query (ms, logarithmic)", type="log")
    lowest = min((one.recall for results in sweeps.values() for one in results), default=0.0)
    figure.update_yaxes(title="recall", range=[lowest - 0.05, 1.03])
    return figure
