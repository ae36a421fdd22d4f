"""The map's choices in the address: a view is a link, and the browser's Back goes to the choices before.

A choice is read from the address when that has something other than what was last written, after a link or Back; else
the control on the page has the newest value, and is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import streamlit as st

_LAST = "map-address-of"
_OPENS = ("chunk", "query", "question")


@dataclass(slots=True)
class Address:
    """The choices of one collection as last written: the values of each name."""

    kept: dict[str, list[str]] = field(default_factory=dict)

    def values(self, name: str) -> list[str]:
        """What the address says now."""
        return [value for value in st.query_params.get_all(name) if value]

    def is_new(self, name: str) -> bool:
        """Whether the address came from outside: a link, a reload or Back."""
        return self.values(name) != self.kept.get(name, [])

    def keep(self, name: str, values: Iterable[str]) -> None:
        """Write the values of a choice; none removes it."""
        chosen = [value for value in values if value]
        self.kept[name] = chosen
        if chosen == self.values(name):
            return
        if chosen:
            st.query_params[name] = chosen
        else:
            st.query_params.pop(name, None)


def open_address(uid: str) -> Address:
    """The address of the map of a collection, at the beginning of a run of the page.

    Choices of another collection, which the address still has after a switch, are dropped; and the choices of an
    earlier visit come back when the page is opened without any.
    """
    last, st.session_state[_LAST] = st.session_state.get(_LAST), uid
    if last not in (None, uid):
        for name, values in _address_of(last).kept.items():
            if values and _address_of(last).values(name) == values:
                st.query_params.pop(name, None)
    address = _address_of(uid)
    if address.kept and "colour" not in st.query_params:
        opens = any(name in st.query_params for name in _OPENS)
        before = {
            name: values
            for name, values in address.kept.items()
            if values and name not in st.query_params and not (opens and name in _OPENS)
        }
        st.query_params.update(before)
    return address


def _address_of(uid: str) -> Address:
    address: Address = st.session_state.setdefault(f"map-address-{uid}", Address())
    return address
