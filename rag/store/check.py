"""Check of a collection, wherever it is stored: compare everything with the digests of what was stored."""

from __future__ import annotations

from pathlib import Path

from rag.errors import CollectionError
from rag.store.homes import home_of
from rag.store.sqlite import check
from rag.store.sqlite.check import CheckReport
from rag.store.sqlite.home import SqliteHome


def check_collection(folder: Path, name: str) -> CheckReport:
    """Check a collection; reads everything in it, and changes nothing except that an old file is migrated.

    Raises:
        CollectionError: there is no collection of this name.
    """
    home = home_of(folder)
    if isinstance(home, SqliteHome):
        return check.check_collection(folder, name)
    if name not in home.names():
        raise CollectionError(f"There is no collection named '{name}'.")
    try:
        collection = home.open(name)
        documents = [(one.document_id, one.name) for one in collection.documents()]
    except CollectionError as error:
        return CheckReport(name, 0, 0, (str(error),))
    if problems := tuple(dict.fromkeys(check.problems(collection, documents))):
        return CheckReport(name, 0, 0, problems)
    return CheckReport(name, len(documents), collection.n_chunks(), ())
