"""Turn panics of parsers that are written in Rust into errors for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import DocumentError


@contextmanager
def without_panic(name: str, what: str) -> Iterator[None]:
    """Raise a DocumentError if a parser panics, which is no Exception of Python.

    Args:
        name: the file's.
        what: its format in words: "a PDF".
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DocumentError(
            f"'{name}' could not be read as {what}: the parser failed on it. "
            "Open it in its program and save it again, or save it in another format."
        ) from None
