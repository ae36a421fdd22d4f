"""The columns of tables that will be added: their first rows, and a role for each column, guessed with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.session.resources import columns_of_upload
from pages.shared.widgets.common import escaped
from pages.shared.widgets.wording import counted
from rag.documents.column_roles import ROLES, ColumnRoles, Role
from rag.documents.readers.table_columns import TableColumn, TableColumns
from rag.errors import ExplorerError

_NAMES: Mapping[Role, str] = {
    "text": "Text", "label": "Label", "date": "Date", "number": "Number", "link": "Link", "ignore": "Ignore",
}  # fmt: skip
_ABOUT = (
    "**Text** is what is searched by meaning: one passage a row. **Label**, **Date**, **Number** and **Link** describe "
    "the row: they colour and filter the map, are found by words, and are shown to the answering model. **Ignore** "
    "leaves the column out."
)
_MANY_COLUMNS = 24
_CARD = 165
"""Pixels of a column's select box: two stand side by side on a narrow screen."""


def choose_roles(uploads: Sequence[UploadedFile]) -> dict[str, ColumnRoles]:
    """Ask for the roles of the columns of each uploaded table; returns those chosen, by the id of the file.

    Tables with the same columns and the same guesses are asked for once.
    """
    alike: dict[tuple[TableColumn, ...], list[tuple[UploadedFile, TableColumns]]] = {}
    for upload in uploads:
        try:
            table = columns_of_upload(upload)
        except ExplorerError:
            continue  # The outcome of the job says what is wrong with the file.
        if table is not None:
            key = tuple(TableColumn(column.name, column.role, "") for column in table.columns)
            alike.setdefault(key, []).append((upload, table))
    chosen: dict[str, ColumnRoles] = {}
    for group in alike.values():
        upload, table = group[0]
        roles = _choose(upload, table, len(group) - 1, is_open=len(alike) == 1)
        chosen |= {one.file_id: roles for one, _ in group}
    return chosen


def _choose(upload: UploadedFile, table: TableColumns, n_others: int, *, is_open: bool) -> ColumnRoles:
    """The first rows of a table, and a select box for each of its columns."""
    others = f" and {counted(n_others, 'other file')} with the same columns" if n_others else ""
    with st.expander(f"Columns of {escaped(upload.name)}{others}", expanded=is_open, icon=":material/table:"):
        first = pd.DataFrame(table.rows, columns=list(table.names))
        st.dataframe(first, hide_index=True, height=38 + 35 * len(table.rows))
        rows = f"the first {table.n_rows:,} rows" if table.n_rows > 1 else "its row"
        st.caption(f"What each column is for, guessed from {rows}.", help=_ABOUT)
        is_long = len(table.columns) > _MANY_COLUMNS
        with st.container(horizontal=True, height=420 if is_long else "content", border=is_long):
            roles = [_role(upload.file_id, number, column) for number, column in enumerate(table.columns)]
        st.caption(_summary(table, roles))
    return chosen_roles(table, roles)


def _role(file_id: str, number: int, column: TableColumn) -> Role:
    with st.container(width=_CARD, gap=None):
        role = st.selectbox(
            escaped(column.name),
            ROLES,
            index=ROLES.index(column.role),
            format_func=_NAMES.__getitem__,
            key=f"role-{file_id}-{number}",
        )
        st.caption(escaped(column.reason) if role == column.role else f"Guessed: {_NAMES[column.role]}")
    return role


def _summary(table: TableColumns, roles: Sequence[Role]) -> str:
    """What will become of a row, in a sentence or two."""
    kept = [role for role in roles if role != "ignore"]
    if not kept:
        return "Every column is ignored, so nothing would be added."
    text = [name for name, role in zip(table.names, roles, strict=True) if role == "text"]
    if not text or (len(text) == len(kept) > 1):
        return "Text of each row: all its values with their columns' names. Each of them is a label as well."
    counts = Counter(_NAMES[role].lower() for role in kept if role != "text")
    described = ", ".join(counted(count, kind) for kind, count in counts.items())
    said = f"Text of each row: {escaped(' and '.join(text))}."
    return f"{said} Described by {described}." if described else said


def chosen_roles(table: TableColumns, roles: Sequence[Role]) -> ColumnRoles:
    """What differs from the guess; nothing if all is as guessed, so that an unchanged file stays unchanged."""
    pairs = list(zip(table.columns, roles, strict=True))
    is_document_other = any(role != column.role and {"text", "ignore"} & {role, column.role} for column, role in pairs)
    changed = tuple(
        (column.name, role) for column, role in pairs if role != column.role and role not in ("text", "ignore")
    )
    if not is_document_other:
        return ColumnRoles(labels=changed)
    ignored = tuple(column.name for column, role in pairs if role == "ignore")
    return ColumnRoles(tuple(column.name for column, role in pairs if role == "text"), ignored, changed)
