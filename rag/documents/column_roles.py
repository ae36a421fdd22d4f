"""Column roles: what each column of a table with a row a document is for, as a person chose it.

Text columns make the row's passage. Labels, dates, numbers and links describe the row: they colour the map, are found
by words and are shown to the answering model. An ignored column is left out of all of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["text", "label", "date", "number", "link", "ignore"]
ROLES: tuple[Role, ...] = get_args(Role)
SETTING = "column-roles"
"""The setting of a collection with the roles that were chosen for its labels, as JSON; see `roles_by_column`."""


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """The roles that a person chose for a table's columns; the others are guessed.

    Attributes:
        text: the text columns, in the table's order; None if they are guessed. If there are none, a row's text is all
            its values with their columns' names.
        ignored: the columns that are left out.
        labels: columns with the role that they have on the map: "label", "date", "number" or "link".
    """

    text: tuple[str, ...] | None = None
    ignored: tuple[str, ...] = ()
    labels: tuple[tuple[str, Role], ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """All columns that have a chosen role."""
        return (*(self.text or ()), *self.ignored, *(column for column, _ in self.labels))

    def fingerprint(self) -> str:
        """What makes another document of the same bytes: which columns are text, and which are ignored."""
        # Documents of before, which have chosen text columns and nothing else, keep theirs.
        return repr((self.text, self.ignored)) if self.ignored else "" if self.text is None else repr(self.text)


GUESSED = ColumnRoles()
"""Nothing was chosen: all roles are guessed."""


def roles_by_column(setting: str | None) -> dict[str, Role]:
    """The roles chosen for labels, from a collection's setting; empty without one, or if it is not as expected."""
    try:
        stored: object = json.loads(setting or "{}")
    except ValueError:
        return {}
    pairs = stored.items() if isinstance(stored, dict) else ()
    return {str(column): role for column, stated in pairs for role in ROLES if role == stated}


def with_chosen(setting: str | None, chosen: Iterable[ColumnRoles]) -> str | None:
    """The setting with the roles of more tables' labels; the last choice for a name counts. None if there are none."""
    roles = roles_by_column(setting)
    for one in chosen:
        roles |= dict(one.labels)
    return json.dumps(roles, ensure_ascii=False) if roles else None
