"""The one selection that map, charts, table and panel share: filters, ranges, groups of the legend, a marked area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.map.address import Address
from pages.shared.widgets.map_state import MapState
from rag.map.colours import Colours, rows_of_groups
from rag.map.selection.chunk_codes import decode_ids, encode_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import IntArray

    Mask = NDArray[np.bool_]

_LONGEST = 6_000


def keep_selection(address: Address, state: MapState) -> None:
    """Take the marked chunks and the groups of the legend from the address if it is a new one, and write them.

    Very many marked chunks, which lie far apart in the collection, do not fit into an address; then it has none, and
    the panel says so.
    """
    if address.is_new("only"):
        state.only = tuple(address.values("only"))
    address.keep("only", state.only)
    if address.is_new("selection"):
        try:
            state.selected = decode_ids(next(iter(address.values("selection")), ""))
        except ValueError:
            st.warning("The selection in this address cannot be read.", icon=":material/warning:")
            state.selected = ()
    address.keep("selection", [encode_ids(state.selected)] if fits_address(state) else [])


def fits_address(state: MapState) -> bool:
    """Whether the marked chunks fit into an address."""
    return len(encode_ids(state.selected)) <= _LONGEST


def both(one: Mask | None, other: Mask | None) -> Mask | None:
    """The chunks that both keep; None keeps all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def visible_chunks(shown: Mask | None, colours: Colours, chunk_ids: IntArray, state: MapState) -> Mask | None:
    """Which chunks the charts count and the table lists, bool (n,): what the map shows in colour; None for all."""
    import numpy as np

    if state.only:
        shown = both(shown, rows_of_groups(colours, state.only))
    if state.selected:
        shown = both(shown, np.isin(chunk_ids, np.array(state.selected, dtype=np.int64)))
    return shown
