"""Another reader for PDFs in which PDFium finds no words: pypdf, which follows damaged files in other ways.

It is slower and knows nothing of the layout, so it reads only what would be lost.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Collection

_MOST_PAGES = 500
_BREAKS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
"""How a damaged file breaks it."""


def pypdf_pages(content: bytes, wanted: Collection[int] | None = None) -> list[str]:
    """The text of each page; "" for pages that are not wanted. Empty if the file cannot be read, or has no text."""
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        texts = []
        for number, page in zip(range(_MOST_PAGES), reader.pages, strict=False):
            texts.append(page.extract_text() if wanted is None or number in wanted else "")
    except (PyPdfError, *_BREAKS):
        return []
    return texts if any(text.strip() for text in texts) else []
