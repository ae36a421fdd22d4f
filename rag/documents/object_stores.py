"""Files at a URL that fsspec reads: s3://, gs://, zip:// and others.

A folder is expanded like one on disk, see `rag/documents/sources.py`: hidden files are left out, and every other file
is read later. The packages for cloud stores are not installed with the app; without them, a sentence names them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rag.documents.parsed import MAX_BYTES
from rag.errors import DocumentError, ExplorerError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?=://|::)")
_USER = re.compile(r"(?<=//)[^/@]*@")
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}
"""The packages of the extra `cloud`, by the scheme of a URL."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file in a store.

    `name` is its path below `folder`, the given URL or, if that names a file, the URL of the folder around it. `url`
    is shown to the user, so it has no user name and password. `size` is in bytes; 0 if the store does not tell it.
    """

    name: str
    folder: str
    url: str
    size: int
    system: AbstractFileSystem
    path: str

    def read(self) -> bytes:
        """The content. Raises DocumentError if it is too large or cannot be read."""
        if self.size > MAX_BYTES:
            size = f"'{self.name}' has {self.size:,} bytes"
            raise DocumentError(f"{size}; the limit is {MAX_BYTES:,}. Split the file.")
        try:
            content: bytes = self.system.cat_file(self.path)
        except Exception as error:
            raise DocumentError(_failure(self.url, "read", error)) from error
        return content


def is_url(text: str) -> bool:
    """Whether this is a URL, such as "s3://bucket/folder" or "zip::s3://bucket/a.zip", and not a path."""
    return "://" in text and _SCHEME.match(text) is not None


def find_objects(url: str) -> list[StoredObject]:
    """The file at a URL, or all files below it that are not hidden, in the order of their names.

    If there is nothing, it is returned as a file; reading it says so.

    Raises:
        ExplorerError: nothing reads such URLs, a package is missing, or the store cannot be listed.
    """
    shown = _USER.sub("", url)
    system, path = _system_at(url, shown)
    try:
        if system.isdir(path):
            found = system.find(path, detail=True)
            inside = {one: _size(details) for one, details in sorted(found.items())}
        else:
            path, inside = system._parent(path), {path: _size(system.info(path)) if system.isfile(path) else 0}
    except Exception as error:
        raise ExplorerError(_failure(shown, "listed", error)) from error
    objects = [_object(system, shown, path, one, size) for one, size in inside.items()]
    return [one for one in objects if not _is_hidden(one.name)]


def _system_at(url: str, shown: str) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs
    from fsspec.registry import available_protocols

    schemes = [part.partition("://")[0] for part in url.split("::")]
    for scheme in schemes:
        if scheme not in available_protocols():
            raise ExplorerError(
                f"'{shown}' cannot be read: there is no kind of store named '{scheme}'. Use a path, or a URL that "
                "begins with s3://, gs://, file:// or zip://."
            )
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        package = next((_PACKAGES[scheme] for scheme in schemes if scheme in _PACKAGES), "")
        what = f"Install it with: pip install {package}" if package else f"{error}"
        raise ExplorerError(f"'{shown}' needs a package that is not installed. {what.rstrip('.')}.") from error
    except Exception as error:
        raise ExplorerError(_failure(shown, "opened", error)) from error
    return system, str(path)


def _object(system: AbstractFileSystem, url: str, folder: str, path: str, size: int) -> StoredObject:
    name = path.removeprefix(folder).lstrip("/")
    return StoredObject(name, _url_of(url, folder), _url_of(url, path), size, system, path)


def _url_of(url: str, path: str) -> str:
    """The URL of a path in the store of `url`."""
    head, chain, rest = url.partition("::")
    scheme = head.partition("://")[0]
    return _USER.sub("", path) if "://" in path else f"{scheme}://{path.lstrip('/')}{chain}{rest}"


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name).parts)


def _size(details: dict[str, object]) -> int:
    size = details.get("size")
    return size if isinstance(size, int) else 0


def _failure(url: str, what: str, error: Exception) -> str:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    reason = "there is no such file" if isinstance(error, FileNotFoundError) else said
    return f"'{url}' could not be {what}: {_USER.sub('', reason).rstrip('.')}. Check the address and its permissions."
