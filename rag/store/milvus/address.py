"""Addresses of a Milvus store: a server, or a folder that Milvus Lite keeps in this process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rag.errors import CollectionError

_PORT = 19530
_EXAMPLES = "milvus://localhost:19530/default, milvus+https://host:19530/database or milvus+file:///folder/store.db"


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """Where Milvus is: `uri` for its client, the name of a database (empty for the default one), and the token.

    `is_local` says that Milvus Lite runs in this process, with its files in the folder `uri`.
    """

    uri: str
    database: str
    token: str
    is_local: bool

    @property
    def shown(self) -> str:
        """The address in messages, without the token."""
        return f"{self.uri}/{self.database}" if self.database else self.uri


def read_address(text: str) -> MilvusAddress:
    """The address in EXPLORER_STORE; the token is EXPLORER_STORE_TOKEN.

    Raises:
        CollectionError: it is no such address.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or _PORT
    except ValueError as error:
        raise _wrong(text, "its port or brackets are invalid") from error
    token = os.environ.get("EXPLORER_STORE_TOKEN", "").strip()
    if parts.scheme == "milvus+file":
        path = Path(unquote(parts.path)).expanduser()
        if parts.netloc or not path.is_absolute() or path.suffix != ".db":
            raise _wrong(text, "a folder of Milvus Lite has an absolute path that ends in .db")
        return MilvusAddress(str(path), "", "", is_local=True)
    if parts.scheme not in ("milvus", "milvus+https") or not host:
        raise _wrong(text, "it has no known scheme or no host")
    if "@" in parts.netloc:
        raise _wrong(text, "it contains a user name; set EXPLORER_STORE_TOKEN to user:password instead")
    scheme = "https" if parts.scheme == "milvus+https" else "http"
    bracketed = f"[{host}]" if ":" in host else host
    return MilvusAddress(f"{scheme}://{bracketed}:{port}", parts.path.strip("/"), token, is_local=False)


def _wrong(text: str, why: str) -> CollectionError:
    shown = "(not shown, because it contains a user name)" if "@" in text else f"'{text}'"
    return CollectionError(f"EXPLORER_STORE is {shown}: {why}. Set it to an address such as {_EXAMPLES}, or unset it.")
