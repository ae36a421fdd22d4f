"""Chapter 8, training: a small encoder learns from the collection's passages, in the background and live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, show_figure, show_needs_documents
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.resources import task_board
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.glossary import help_for
from rag.anatomy.training.movements import word_movements
from rag.anatomy.training.scores import chance_scores
from rag.anatomy.training.settings import Settings
from rag.anatomy.training.trainer import Snapshot, Training
from rag.errors import ExplorerError
from rag.map.colours import OTHER, PALETTE
from rag.map.view import sample_rows
from rag.runtime.background import Report
from rag.store.collection import Collection

_KEY = "anatomy-training"
_MOST_READ = 5_000
_REST = "others"
Number = TypeVar("Number", int, float)


@dataclass(slots=True)
class Run:
    """A training of this session: what it was started with, and the snapshots so far."""

    key: str
    settings: Settings
    training: Training
    labels: list[str]
    snapshots: list[Snapshot] = field(default_factory=list)

    def work(self, report: Report) -> None:
        """Train the steps of the settings; what is done stays when it is stopped."""
        for snapshot in self.training.advance(report):
            self.snapshots.append(snapshot)


def show(scene: Scene) -> None:
    """The settings, the buttons, and the training as it goes."""
    collection = scene.collection
    if collection is None or not collection.n_chunks():
        show_needs_documents()
        return
    settings = _choose_settings()
    try:
        run = _run_of(collection, settings)
    except ExplorerError as error:
        show_error(error)
        return
    _show_buttons(run)
    view = task_board().view(run.key)
    if view and view.is_active:
        _live(run)
    else:
        _draw(run)
        if view and view.state == "failed":
            st.error(escaped(view.error), icon=":material/error:")


def _choose_settings() -> Settings:
    temperature, batch, steps = st.columns(3)
    plain = Settings()
    return Settings(
        temperature=temperature.select_slider(
            "Temperature", _with(plain.temperature, 0.05, 0.1, 0.2, 0.5, 1.0), plain.temperature,
            key=f"{_KEY}-temperature",
            help="A low one punishes the most similar wrong text above all; a high one all wrong texts alike.",
        ),
        batch_size=batch.select_slider(
            "Batch size", _with(plain.batch_size, 8, 16, 32, 64, 256), plain.batch_size, key=f"{_KEY}-batch",
            help="Pairs in a step. Each text is pushed away from all others of its batch: more of them teach more.",
        ),
        steps=steps.select_slider(
            "Steps", _with(plain.steps, 100, 200, 800), plain.steps, key=f"{_KEY}-steps",
            help="After each step the numbers of the model change a little.",
        ),
    )  # fmt: skip


def _with(default: Number, *others: Number) -> list[Number]:
    """The choices of a slider, in their order."""
    choices = [default]
    choices.extend(others)
    return sorted(choices)


def _run_of(collection: Collection, settings: Settings) -> Run:
    """The run of this session with these settings; a new one has not begun. Raises TooFewPassages."""
    run: Run | None = st.session_state.get(_KEY)
    key = f"{_KEY}-{collection.uid}-{collection.generation()}-{settings}"
    if run is None or not run.key.startswith(key):
        if run is not None:
            task_board().stop(run.key)
        with st.spinner("Preparing the passages"):
            run = _new_run(collection, settings, key)
        st.session_state[_KEY] = run
    return run


def _new_run(collection: Collection, settings: Settings, key: str) -> Run:
    ids = collection.chunk_ids()
    rows = sample_rows(len(ids), _MOST_READ)
    chunks = collection.chunks(ids[rows].tolist())
    training = Training([chunk.text for chunk in chunks], settings)
    labels = _labels(collection)
    shown = [labels[chunks[place].chunk_id] for place in training.shown]
    run = Run(f"{key}-{id(training)}", settings, training, shown)
    run.snapshots.extend(training.advance(_nothing, 0))
    return run


def _labels(collection: Collection) -> dict[int, str]:
    """A label of each chunk, to colour it by: the table column with the most values of few kinds, or the document."""
    table = chunk_table(collection)
    columns = [values for values in table.columns.values() if 1 < len(set(values) - {""}) <= len(PALETTE)]
    best = max(columns, key=lambda values: sum(map(bool, values)), default=table.document_of_each())
    return {chunk_id: label or _REST for chunk_id, label in zip(table.chunk_ids.tolist(), best, strict=True)}


def _nothing(share: float) -> None:
    """No progress to report."""


def _show_buttons(run: Run) -> None:
    view = task_board().view(run.key)
    is_active = bool(view and view.is_active)
    with st.container(horizontal=True, vertical_alignment="center"):
        if is_active:
            st.button("Stop", icon=":material/stop_circle:", on_click=task_board().stop, args=(run.key,))
        else:
            label = "Continue" if len(run.snapshots) > 1 else "Start training"
            st.button(label, type="primary", icon=":material/play_arrow:", on_click=_start, args=(run,))
            if len(run.snapshots) > 1:
                st.button("Again from the beginning", icon=":material/restart_alt:", on_click=_forget)
        pairs = run.training.pairs
        st.caption(
            f"{run.training.encoder.n_parameters:,} parameters, at first random. {len(pairs.trained):,} passages to "
            f"learn from, {len(pairs.held):,} held back; left out: {pairs.n_short:,} short, {pairs.n_repeated:,} "
            f"repeated, {pairs.n_unsampled:,} beyond a sample."
        )


def _start(run: Run) -> None:
    task_board().forget(run.key)
    task_board().start(run.key, "Training", partial(Run.work, run))


def _forget() -> None:
    st.session_state.pop(_KEY, None)


@st.fragment(run_every=1.0)
def _live(run: Run) -> None:
    view = task_board().view(run.key)
    if view is None or not view.is_active:
        st.rerun()
        return
    st.progress(view.share, f"Step {run.snapshots[-1].step:,} of {run.snapshots[0].step + run.settings.steps:,}")
    _draw(run)


def _draw(run: Run) -> None:
    snapshots = list(run.snapshots)
    picture, curves = st.columns([3, 2])
    with picture:
        shown = st.segmented_control(
            "Shown", ["Passages", "Words"], default="Passages", required=True, key=f"{_KEY}-shown",
            label_visibility="collapsed",
            help="A UMAP picture of the passages, or of rows of the token table. Each is drawn from the one before.",
        )  # fmt: skip
        figure = _passages(run, snapshots[-1]) if shown == "Passages" else _words(run, snapshots[-1])
        show_figure(figure, _in_words(run, snapshots[-1]), key=f"{_KEY}-picture-{shown}")
    with curves:
        show_figure(_curves(run, snapshots), _in_words(run, snapshots[-1]), key=f"{_KEY}-curves")
    st.markdown(_in_words(run, snapshots[-1]))
    _show_words(run, snapshots)
    st.caption(
        f"{help_for('contrastive training')} Here the two halves of a passage belong together. Word counts (TF-IDF) "
        "find the other half by shared words and learn nothing. Real models learn the same way, from hundreds of "
        "millions of pairs."
    )


def _in_words(run: Run, snapshot: Snapshot) -> str:
    """What the training has reached, in a few sentences."""
    apart, counted = snapshot.measured.apart, run.training.word_counts
    loss = f"the loss is {snapshot.loss:.2f}" if snapshot.loss is not None else "nothing is learned yet"
    guessing = chance_scores(apart.n).accuracy_at_5
    return (
        f"After {snapshot.step:,} steps {loss} (guessing: {run.training.loss_of_chance:.2f}). From half of a passage "
        "that it never saw, it finds the other half, without the words that both share, among the first five of "
        f"{apart.n}: {apart.accuracy_at_5:.0%} (word counts {counted.apart.accuracy_at_5:.0%}, guessing "
        f"{guessing:.0%}). With all words, word counts find {counted.whole.accuracy_at_5:.0%}, the model "
        f"{snapshot.measured.whole.accuracy_at_5:.0%}, both together "
        f"{snapshot.with_word_counts.whole.accuracy_at_5:.0%}."
    )


def _passages(run: Run, snapshot: Snapshot) -> go.Figure:
    """The passages at this step, in the colours of their topics; nobody told the model the topics."""
    figure = go.Figure()
    names = sorted(set(run.labels) - {_REST}) + ([_REST] if _REST in run.labels else [])
    for number, name in enumerate(names):
        rows = [row for row, label in enumerate(run.labels) if label == name]
        colour = OTHER if name == _REST and len(names) > 1 else PALETTE[number % len(PALETTE)]
        figure.add_scatter(
            x=snapshot.xy[rows, 0], y=snapshot.xy[rows, 1], mode="markers", name=name,
            marker={"size": 7, "color": colour}, hoverinfo="name",
        )  # fmt: skip
    figure.update_layout(height=430, legend={"orientation": "h", "y": -0.05}, uirevision=run.key)
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    return figure


def _words(run: Run, snapshot: Snapshot) -> go.Figure:
    """The most frequent content words by their rows of the token table, in the picture of the passages."""
    spelled = run.training.vocabulary.spellings
    figure = go.Figure()
    figure.add_scatter(
        x=snapshot.word_xy[:, 0], y=snapshot.word_xy[:, 1], mode="markers+text",
        text=[spelled[row] for row in run.training.shown_words], textposition="top center",
        marker={"size": 6, "color": PALETTE[0]}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_layout(height=430, uirevision=run.key, showlegend=False)
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    return figure


def _curves(run: Run, snapshots: Sequence[Snapshot]) -> go.Figure:
    """Loss and accuracy over the steps, with word counts as a line to compare with."""
    steps = [one.step for one in snapshots]
    figure = go.Figure()
    figure.add_scatter(
        x=steps,
        y=[one.loss for one in snapshots],
        name="loss (left)",
        mode="lines",
        line={"color": PALETTE[1], "width": 2},
    )
    found = [100 * one.measured.apart.accuracy_at_5 for one in snapshots]
    figure.add_scatter(
        x=steps, y=found, name="found, % (right)", mode="lines", line={"color": PALETTE[0], "width": 3}, yaxis="y2"
    )
    last = max(run.settings.steps, steps[-1])
    counted = 100 * run.training.word_counts.apart.accuracy_at_5
    figure.add_scatter(
        x=[0, last], y=[counted, counted], name="word counts, %", mode="lines", line={"color": OTHER, "dash": "dash"},
        yaxis="y2",
    )  # fmt: skip
    figure.update_layout(
        height=430, legend={"orientation": "h", "y": 1.12, "x": 0}, uirevision=run.key,
        yaxis={"title": "loss", "rangemode": "tozero"},
        yaxis2={
            "title": "other half among the first five, %", "overlaying": "y", "side": "right", "rangemode": "tozero",
            "tickmode": "auto", "showgrid": False,
        },
    )  # fmt: skip
    figure.update_xaxes(title="step", range=[0, last])
    return figure


def _show_words(run: Run, snapshots: Sequence[Snapshot]) -> None:
    """The words that moved together, once something was learned."""
    spelled = run.training.vocabulary.spellings
    names = [spelled[row] for row in run.training.shown_words]
    if len(snapshots) < 2:
        return
    pairs = word_movements(snapshots[0].word_vectors, snapshots[-1].word_vectors, names, 5)
    listed = ", ".join(f"{one.first} and {one.second} ({one.before:+.2f} to {one.after:+.2f})" for one in pairs)
    st.markdown(f"**Words that moved together in the token table:** {escaped(listed)}")
