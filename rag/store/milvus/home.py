"""Milvus as a home of collections: list, open, create, rename and delete them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from weakref import WeakKeyDictionary

from rag.access.person import require_editor
from rag.errors import CollectionError
from rag.store import digests, records
from rag.store.milvus import layout
from rag.store.milvus.address import read_address
from rag.store.milvus.catalog import Catalog
from rag.store.milvus.client import connected
from rag.store.milvus.collection import MilvusCollection
from rag.store.milvus.database import Database
from rag.store.milvus.place import Place
from rag.store.milvus.writing import sweep
from rag.store.names import require_usable
from rag.types import ChunkingSpec, CollectionSpec, EmbeddingSpec

if TYPE_CHECKING:
    from pymilvus import MilvusClient

_lock = threading.Lock()
_prepared: WeakKeyDictionary[MilvusClient, set[str]] = WeakKeyDictionary()
"""By client, the ids of the collections that are loaded and swept; the id "" says that abandoned ones are gone."""


class MilvusHome:
    """The collections in Milvus at an address, with a catalog in an SQL database.

    Args:
        store, database: the values of EXPLORER_STORE and EXPLORER_DATABASE.
        folder: for the caches of collections.

    Raises:
        CollectionError: the address is none, or the database cannot be used.
    """

    def __init__(self, store: str, database: str, folder: Path) -> None:
        self._address = read_address(store)
        # Only one process has the files of Milvus Lite, so what others left unfinished is abandoned.
        self._catalog = Catalog(Database(database), is_alone=self._address.is_local)
        self._folder = folder

    def names(self) -> list[str]:
        """The names of the collections, sorted without regard to case."""
        return self._catalog.names()

    def open(self, name: str) -> MilvusCollection:
        """Open the collection `name`; its first use in this process sweeps up what was left unfinished.

        Raises:
            CollectionError: it is missing, damaged, or of a newer version.
        """
        require_usable(name)
        row = self._catalog.find(name)
        if row is None:
            there = ", ".join(f"'{other}'" for other in self.names()) or "none yet"
            raise CollectionError(f"There is no collection named '{name}'. Existing collections: {there}.")
        place = Place(self._address, self._catalog, row.uid, name)
        try:
            spec = records.spec_from_json(row.spec, name, name, layout.VERSION)
            is_sound = _spec_digest(row.uid, spec) == row.spec_digest
        except (KeyError, TypeError, ValueError):
            is_sound = False
        if not is_sound:
            raise place.damaged("its description differs from what was stored")
        self._prepare(place)
        return MilvusCollection(place, spec, self._folder)

    @contextmanager
    def unfinished(self, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec) -> Iterator[MilvusCollection]:
        """A new collection, which is listed when the block ends, and deleted if it fails.

        Raises:
            CollectionError: the name is taken or invalid, or Milvus cannot be used.
        """
        require_editor()
        require_usable(name)
        spec, uid = CollectionSpec(name, embedding, chunking, layout.VERSION), uuid4().hex
        place = Place(self._address, self._catalog, uid, name)
        self._catalog.begin(name, uid, records.spec_to_json(spec), _spec_digest(uid, spec))
        try:
            place.create(embedding.dimension)
            yield MilvusCollection(place, spec, self._folder)
            self._catalog.finish(name, uid)
        except BaseException:
            self._remove(place)
            raise

    def rename(self, name: str, new_name: str) -> MilvusCollection:
        """Rename a collection; its caches stay. Raises CollectionError if the new name is taken or invalid."""
        require_usable(new_name)
        self._catalog.rename(self.open(name).uid, name, new_name)
        return self.open(new_name)

    def delete(self, name: str) -> None:
        """Delete a collection, readable or not, with its caches. Raises CollectionError if it is missing."""
        row = self._catalog.find(name)
        if row is None:
            raise CollectionError(f"There is no collection named '{name}', so nothing was deleted. Reload the page.")
        place = Place(self._address, self._catalog, row.uid, name)
        self._remove(place)
        shutil.rmtree(self._folder / f"{row.uid}.cache", ignore_errors=True)

    def reached(self) -> str:
        """Where the collections are, as a sentence. Raises CollectionError if Milvus or the database is not there."""
        version, names = connected(self._address).get_server_version(), self.names()
        return f"Milvus {version} answers at {self._address.shown}. Collections there: {len(names):,}."

    def changed_at(self, name: str) -> float:
        """When the collection was last changed, in seconds since 1970; 0 if there is none of this name."""
        return self._catalog.changed_at(name)

    def _remove(self, place: Place) -> None:
        self._catalog.withdraw(place.uid)
        place.drop()
        self._catalog.forget(place.uid)

    def _prepare(self, place: Place) -> None:
        """Once in this process: delete abandoned collections; load this one, and sweep up unfinished documents."""
        with _lock:
            done = _prepared.setdefault(connected(self._address), set())
            if "" not in done:
                for uid in self._catalog.abandoned():
                    self._remove(Place(self._address, self._catalog, uid, uid))
                done.add("")
            if place.uid not in done:
                self._catalog.update_tables(place.uid)
                place.load()
                sweep(place, at_start=True)
                done.add(place.uid)


def _spec_digest(uid: str, spec: CollectionSpec) -> str:
    return digests.of_spec(uid, asdict(spec.embedding), asdict(spec.chunking))
