"""Homes of collections: where the collections of a folder are stored, chosen by EXPLORER_STORE."""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag import config
from rag.errors import CollectionError

if TYPE_CHECKING:
    from rag.store.collection import Collection
    from rag.store.milvus.home import MilvusHome
    from rag.types import ChunkingSpec, EmbeddingSpec


class Home(Protocol):
    """All collections in one place. Every method raises CollectionError if the place cannot be read or written."""

    def names(self) -> list[str]:
        """The names of the collections, sorted without regard to case."""

    def open(self, name: str) -> Collection:
        """Open the collection `name`. Raises CollectionError if it is missing, damaged or of a newer version."""

    def unfinished(
        self, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec
    ) -> AbstractContextManager[Collection]:
        """A new collection, which is listed when the block ends, and deleted if it fails.

        Raises CollectionError if the name is taken or invalid.
        """

    def rename(self, name: str, new_name: str) -> Collection:
        """Rename a collection and its caches. Raises CollectionError if the new name is taken or invalid."""

    def delete(self, name: str) -> None:
        """Delete a collection, readable or not, with its caches. Raises CollectionError if it is missing."""

    def changed_at(self, name: str) -> float:
        """When the collection was last changed, in seconds since 1970; 0 if that is unknown."""


def home_of(folder: Path) -> Home:
    """The home of the collections of this folder: the folder itself, or for the data folder what EXPLORER_STORE names.

    Other folders, such as those of temporary copies, always hold files.
    """
    if config.store() and folder == config.data_dir():
        return milvus_home(folder)
    from rag.store.sqlite.home import SqliteHome

    return SqliteHome(folder)


def milvus_home(folder: Path) -> MilvusHome:
    """The collections in Milvus at the address EXPLORER_STORE; caches are in the folder.

    Raises:
        CollectionError: EXPLORER_STORE is not set or not an address, or a package is missing.
    """
    if not config.store():
        raise CollectionError("EXPLORER_STORE is not set. Set it to the address of a store, see docs/stores.md.")
    for package in ("sqlalchemy", "pymilvus"):
        if importlib.util.find_spec(package) is None:
            raise CollectionError(
                f"EXPLORER_STORE names Milvus, but the package {package} is not installed. Install it with "
                "pip install 'embedding-explorer[milvus]', or unset EXPLORER_STORE."
            )
    from rag.store.milvus.home import MilvusHome

    return MilvusHome(config.store(), config.database(), folder)
