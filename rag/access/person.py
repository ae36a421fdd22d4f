"""The person who acts, and the check that every function which changes something makes.

The pages say who acts in a run of a page (`identify_by`); a background task acts for the person who started it
(`acting_as`). On one's own machine and on the command line, everybody is `OWNER_OF_ALL`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from rag.errors import AccessError

Role = Literal["editor", "reader"]
"""An editor may change everything; a reader may look, search, and have conversations of their own."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who uses the app.

    Attributes:
        owner: the id under which conversations are stored; "" is the owner of all, who sees every conversation.
        name: an e-mail address, if the person logged in with one; else empty.
    """

    role: Role
    owner: str = ""
    name: str = ""

    @property
    def is_editor(self) -> bool:
        """Whether this person may change something."""
        return self.role == "editor"


OWNER_OF_ALL = Person("editor")
"""Who uses the app on their own machine."""
NOBODY = Person("reader", owner="nobody")
"""Someone who was not let in."""

NEEDS_EDITOR = "you can look, search and ask questions here, and an editor can make changes. Log in as an editor."
"""Why a reader cannot change something, and what to do, as sentences; the first one is to be continued."""

_acting: ContextVar[Person | None] = ContextVar("acting", default=None)
_identifiers: list[Callable[[], Person | None]] = []


def identify_by(identify: Callable[[], Person | None]) -> None:
    """Ask `identify` who acts, from now on; it returns None outside a run of a page."""
    _identifiers[:] = [identify]


def acting() -> Person:
    """The person for whom the current code runs."""
    if (person := _acting.get()) is not None:
        return person
    found = _identifiers[0]() if _identifiers else None
    return OWNER_OF_ALL if found is None else found


@contextmanager
def acting_as(person: Person) -> Iterator[None]:
    """Run a block for this person, for example a task in the background."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def require_editor(outcome: str = "Nothing was changed") -> None:
    """Raise AccessError, which begins with the `outcome`, if the person who acts may not change anything."""
    if not acting().is_editor:
        raise AccessError(f"{outcome}: {NEEDS_EDITOR}")
