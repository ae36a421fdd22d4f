"""How the map came about: the steps of its layout, played, and a gallery of other settings of UMAP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import streamlit as st

from pages.shared.session.resources import layout_digest, task_board, warm_up_projection
from pages.shared.widgets.common import show_error
from pages.shared.widgets.map_state import MapState
from pages.shared.widgets.small_maps import SmallMaps, play_maps, show_map_grid
from pages.shared.widgets.tasks import show_task
from rag.errors import ExplorerError
from rag.map.colours import Colours, take
from rag.map.forming import gallery, steps
from rag.map.forming.gallery import SmallMap, gallery_parameters, load_gallery, make_gallery
from rag.map.forming.steps import LayoutSteps, can_be_watched, load_steps, make_steps
from rag.map.layout import is_long
from rag.map.view import sample_rows
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.map.projection import ProjectionParameters

_MOST_PLAYED = 5_000
_MOST_SMALL = 1_500
_WANTED = "map-forming-wanted"
_Result = TypeVar("_Result")


def show_forming(collection: Collection, layout: Projection, colours: Colours, state: MapState) -> None:
    """Two parts, each computed when it is asked for: the layout's steps, and the gallery of settings."""
    parameters = state.shown or state.parameters
    _show_watching(collection, layout, colours, parameters)
    st.divider()
    _show_gallery(collection, layout, colours, parameters)


def _show_watching(
    collection: Collection, layout: Projection, colours: Colours, parameters: ProjectionParameters
) -> None:
    st.markdown("**Watch the map form**")
    st.caption(
        "UMAP begins with a rough order: the two directions in which the embeddings differ most. In each epoch it "
        "pulls every chunk a little towards its nearest chunks, and pushes it away from others."
    )
    if not can_be_watched(layout, parameters):
        st.info(
            f"Maps by UMAP in 2D, of up to {steps.MOST_CHUNKS:,} chunks, can be watched. "
            "Choose UMAP and 2D in 'Projection'.",
            icon=":material/info:",
        )
        return
    key = f"steps-{collection.uid}-{parameters.canonical()!r}"
    work = partial(_make_steps, collection, parameters, layout)
    quick = not is_long(collection.n_sampled(), parameters)
    load = partial(load_steps, collection, parameters, layout)
    title = f"Computing the steps of the map of {collection.n_sampled():,} chunks"
    found = _Part(
        key, layout_digest(layout), "Watch the map form", title, ":material/play_circle:", work, load, quick
    ).result()
    if found is not None:
        _play(layout, colours, found, parameters)


def _play(layout: Projection, colours: Colours, found: LayoutSteps, parameters: ProjectionParameters) -> None:
    """The steps of the chunks that are shown, of a random sample of very many."""
    import numpy as np

    common = np.flatnonzero(np.isin(layout.chunk_ids, found.chunk_ids))
    rows = common[sample_rows(len(common), _MOST_PLAYED)]
    xy = found.xy[:, np.searchsorted(found.chunk_ids, layout.chunk_ids[rows])]
    captions = [f"after {epoch} of {parameters.n_epochs} epochs" for epoch in found.epochs.tolist()]
    if len(rows) < len(common):
        st.caption(f"{len(rows):,} of {len(common):,} chunks are drawn, a random sample; the layout uses all.")
    alt = f"The map while its layout is computed, coloured by {colours.title}"
    play_maps(SmallMaps(xy, captions, take(colours, rows), alt), key="map-steps")


def _show_gallery(
    collection: Collection, layout: Projection, colours: Colours, parameters: ProjectionParameters
) -> None:
    st.markdown("**The same chunks with other settings**")
    st.caption(
        "n_neighbors says how many near chunks hold each chunk: few show small groups, many the large order. min_dist "
        "says how close points may lie. What never changes: which chunks are near one another in the embeddings."
    )
    if len(layout.chunk_ids) > gallery.MOST_CHUNKS:
        st.info(f"The gallery is for up to {gallery.MOST_CHUNKS:,} chunks.", icon=":material/info:")
        return
    wanted = gallery_parameters(parameters)
    key = f"gallery-{collection.uid}-{wanted[0].canonical()!r}"
    quick = not is_long(len(wanted) * collection.n_sampled(), wanted[-1])
    work, load = partial(_make_gallery, collection, wanted), partial(load_gallery, collection, wanted, layout)
    title = f"Computing nine maps of {collection.n_sampled():,} chunks"
    found = _Part(
        key, layout_digest(layout), "Show nine maps", title, ":material/grid_view:", work, load, quick
    ).result()
    if found is not None:
        _show_maps(layout, colours, found)


def _show_maps(layout: Projection, colours: Colours, found: Sequence[SmallMap]) -> None:
    import numpy as np

    rows = sample_rows(len(layout.chunk_ids), _MOST_SMALL)
    xy = np.stack([one.xy[rows] for one in found])
    captions = [_caption(one) for one in found]
    alt = f"A map of the same chunks, coloured by {colours.title}"
    show_map_grid(SmallMaps(xy, captions, take(colours, rows), alt), columns=len(gallery.MIN_DISTS), key="map-gallery")
    st.caption(
        "Each map is rotated to lie as close as possible to the map above. Trustworthiness: how much of what looks "
        "near is near in the embeddings, 1 at best. The maps are stored: to use one, choose its settings in "
        "'Projection'."
    )


def _caption(one: SmallMap) -> str:
    trust = "" if one.trustworthiness is None else f" · trustworthiness {one.trustworthiness:.3f}"
    return f"n_neighbors {one.parameters.n_neighbors}, min_dist {one.parameters.min_dist:g}{trust}"


@dataclass(frozen=True, slots=True)
class _Part(Generic[_Result]):
    """Something that is computed when it is asked for, and stored.

    `label` is that of the button, and `title` of the progress. `work` computes and stores the result, `load` gives it,
    or None; it is kept for the map of this `version`. If it is `quick`, the page waits for it; else it is computed in
    the background.
    """

    key: str
    version: str
    label: str
    title: str
    icon: str
    work: Callable[[Report], None]
    load: Callable[[], _Result | None]
    quick: bool

    def result(self) -> _Result | None:
        """What is stored, if it was asked for; else None, and a button or the progress is shown."""
        wanted: set[str] = st.session_state.setdefault(_WANTED, set())
        view = task_board().view(self.key)
        if view is not None and view.is_active:
            show_task(self.key)
            return None
        if self.key in wanted:
            with suppress(_NotStored):
                result: _Result = _loaded(self.key, self.version, self.load)
                return result
            if view is None:
                # Not right after the click: a page run may be interrupted, and the next one then begins.
                self._begin(wanted)
            else:
                wanted.discard(self.key)
        show_task(self.key)
        st.button(self.label, icon=self.icon, key=f"start-{self.key}", on_click=self._ask, args=(wanted,))
        return None

    def _ask(self, wanted: set[str]) -> None:
        task_board().forget(self.key)
        wanted.add(self.key)

    def _begin(self, wanted: set[str]) -> None:
        """Compute the result here, or start its task, and run the page again. After an error, a click tries again."""
        try:
            if self.quick:
                with st.spinner("Computing", show_time=True):
                    self.work(_no_report)
            else:
                task_board().start(self.key, self.title, self.work)
        except Exception as error:
            wanted.discard(self.key)
            if not isinstance(error, ExplorerError):
                raise
            show_error(error)
            return
        if self.quick and self.load() is None:
            wanted.discard(self.key)
        st.rerun()


class _NotStored(Exception):
    """There is no stored result yet; an exception is not kept by a cache, as None would be."""


@st.cache_resource(max_entries=4, show_spinner=False)
def _loaded(key: str, version: str, _load: Callable[[], Any]) -> Any:
    found = _load()
    if found is None:
        raise _NotStored
    return found


def _make_steps(collection: Collection, parameters: ProjectionParameters, layout: Projection, report: Report) -> None:
    warm_up_projection().join()
    make_steps(collection, parameters, layout, report)


def _make_gallery(collection: Collection, wanted: Sequence[ProjectionParameters], report: Report) -> None:
    warm_up_projection().join()
    make_gallery(collection, wanted, report)


def _no_report(share: float) -> None:
    """For work that the page waits for."""
