"""Document names: which stored document a file is a new version of, and the name of one that is another document.

A file is a new version of the document that was read from the same path. Uploads have no path: one replaces the stored
document of its name, unless both are to be kept. Two files of one name in one job are two documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from itertools import count
from pathlib import PurePath

_UPLOADED = ""
"""The origin of a document that was uploaded, or pasted."""


class DocumentNames:
    """The names of stored documents with their origins, and those given out in one job.

    Args:
        stored: the names of the stored documents.
        origins: the origins of stored documents by their names, as `as_json` wrote them; unknown for documents that
            were stored before there were origins.
    """

    def __init__(self, stored: Collection[str], origins: Mapping[str, str]) -> None:
        self._stored = set(stored)
        self._origins = {name: origin for name, origin in origins.items() if name in self._stored}
        self._name_of = {origin: name for name, origin in self._origins.items() if origin != _UPLOADED}
        self._given: set[str] = set()

    def name_for(self, name: str, folder: str, *, keeps_both: bool = False) -> str:
        """The name under which to store a file.

        Args:
            name: the file's own name, or its path below `folder`.
            folder: an absolute path; empty if it is unknown.
            keeps_both: whether a stored document of this name, from an unknown folder, stays as well.
        """
        origin = _origin(folder, name)
        known = self._name_of.get(origin)
        if known is None:
            known = next(one for one in _candidates(name, folder) if self._is_free(one, origin, keeps_both))
        self._given.add(known)
        self._origins[known] = origin
        if origin != _UPLOADED:
            self._name_of[origin] = known
        return known

    def _is_free(self, name: str, origin: str, keeps_both: bool) -> bool:
        if name in self._given:
            return False
        if name not in self._stored:
            return True
        if keeps_both:
            return False
        return origin == _UPLOADED or self._origins.get(name, origin) == origin

    def as_json(self, stored: Collection[str]) -> str:
        """The origins of the documents with these names, as JSON."""
        return json.dumps({name: self._origins[name] for name in sorted(stored) if name in self._origins})


def read_origins(text: str | None) -> dict[str, str]:
    """The origins that `DocumentNames.as_json` wrote; none if there is no such text."""
    try:
        value: object = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {name: origin for name, origin in value.items() if isinstance(origin, str)}


def _origin(folder: str, name: str) -> str:
    """A digest of the file's path, so that a collection that is given away does not name the folders of its maker."""
    if not folder:
        return _UPLOADED
    path = PurePath(folder, name).as_posix()
    return hashlib.sha256(path.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _candidates(name: str, folder: str) -> Iterator[str]:
    """The name, with more and more of the folders above it, and then with numbers."""
    yield name
    above = [part for part in PurePath(folder).parts if part != PurePath(folder).anchor] if folder else []
    for depth in range(1, len(above) + 1):
        yield "/".join([*above[-depth:], name])
    parent, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    for number in count(2):
        numbered = f"{stem} ({number}).{suffix}" if dot and stem else f"{last} ({number})"
        yield f"{parent}{slash}{numbered}"
