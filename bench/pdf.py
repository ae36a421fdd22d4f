"""Reading PDFs: pages a second of CPU time, and what is found, compared with four other readers.

The files are ten reports of 100 to 300 pages that this makes itself: one or two columns, headings, tables, running
headers, contents; with an outline, with tags, with both or with neither. Each reader reads each file in turn, and the
order of the readers turns with the files, so that other load on the machine falls on all of them. Figures are medians
of the files. Words are those of the report's sentences and cells; a heading counts if the reader names it as one.
pdfplumber is so much slower that it reads only the first pages of each file.
"""

from __future__ import annotations

import io
import logging
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rag.documents.readers.office import extract
from rag.documents.tables.text import with_rows
from rag.text.language import detect_language
from tests.rag.documents.pdf.reports import Kind, Report, report

_PDF = "application/pdf"
_AT_MOST_MS = 15.0
"""Milliseconds of CPU time a page that this project allows itself, of pages with 4,000 characters."""
_SLOW_PAGES = 12
_LAYOUTS = (
    ("outline", 1, True, 11), ("outline", 2, False, 14), ("tags", 1, False, 12), ("tags", 2, True, 15),
    ("both", 1, True, 13), ("both", 2, False, 17), ("sizes", 1, True, 15), ("sizes", 2, False, 20),
    ("sizes", 1, False, 18), ("outline", 2, True, 30),
)  # fmt: skip
"""How a report states its headings, its columns, whether it has a page of contents, and its chapters."""
_KINDS = tuple(
    Kind(states, columns, contents=contents, n_chapters=chapters, n_sections=5, n_paragraphs=12, seed=seed)
    for seed, (states, columns, contents, chapters) in enumerate(_LAYOUTS)
)


@dataclass(frozen=True)
class Found:
    """What a reader finds in a file: its text, the titles of its headings, and the number of pages it read."""

    text: str
    headings: frozenset[str]
    pages: int


def by_this_project(content: bytes) -> Found:
    parsed = with_rows(extract("report.pdf", _PDF, content))
    titles = frozenset(heading.path.rpartition(" > ")[2] for heading in parsed.headings)
    return Found(parsed.text, titles, len(parsed.pages))


def by_kreuzberg(content: bytes) -> Found:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(use_cache=False, pages=kreuzberg.PageConfig(extract_pages=True))
    result = kreuzberg.extract_bytes_sync(content, _PDF, config)
    return Found(result.content, frozenset(), len(result.pages or []))


def by_kreuzberg_markdown(content: bytes) -> Found:
    import kreuzberg

    pages = kreuzberg.PageConfig(extract_pages=True)
    config = kreuzberg.ExtractionConfig(use_cache=False, output_format="markdown", pages=pages)
    result = kreuzberg.extract_bytes_sync(content, _PDF, config)
    titles = frozenset(re.sub(r"[*\\]", "", one) for one in re.findall(r"^#+ +(.+?) *$", result.content, re.MULTILINE))
    return Found(result.content, titles, len(result.pages or []))


def by_pypdf(content: bytes) -> Found:
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(content))
    texts = [page.extract_text() for page in reader.pages]
    titles = frozenset(str(getattr(one, "title", "")) for one in _flat(reader.outline))
    return Found("\n".join(texts), titles, len(texts))


def _flat(outline: Sequence[object]) -> list[object]:
    return [one for item in outline for one in (_flat(item) if isinstance(item, list) else [item])]


def by_pypdfium2(content: bytes) -> Found:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        texts = [page.get_textpage().get_text_bounded() for page in document]
        titles = frozenset(item.get_title() for item in document.get_toc())
    finally:
        document.close()
    return Found("\n".join(texts), titles, len(texts))


def by_pdfplumber(content: bytes) -> Found:
    import pdfplumber

    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    with pdfplumber.open(io.BytesIO(content), pages=list(range(1, _SLOW_PAGES + 1))) as document:
        texts = [page.extract_text() for page in document.pages]
    return Found("\n".join(texts), frozenset(), len(texts))


READERS: dict[str, Callable[[bytes], Found]] = {
    "this project": by_this_project,
    "kreuzberg, plain": by_kreuzberg,
    "kreuzberg, Markdown": by_kreuzberg_markdown,
    "pypdf": by_pypdf,
    "pypdfium2": by_pypdfium2,
    f"pdfplumber, {_SLOW_PAGES} pages": by_pdfplumber,
}


def cpu_seconds() -> float:
    """CPU time of this process and its threads."""
    used = os.times()
    return used.user + used.system


def measured(reader: Callable[[bytes], Found], made: Report) -> tuple[float, float, float]:
    """Milliseconds of CPU time a page; the shares of words and of headings that the reader finds."""
    started = cpu_seconds()
    found = reader(made.content)
    spent = cpu_seconds() - started
    pages = max(found.pages, 1)
    sentences = [text for text, _, page in made.sentences if page < pages or pages >= made.n_pages]
    wanted = {word for text in sentences for word in re.findall(r"\w+", text)}
    words = len(wanted & set(re.findall(r"\w+", found.text))) / len(wanted)
    titles = {path.rpartition(" > ")[2] for path in made.paths}
    return 1000 * spent / pages, words, len(titles & found.headings) / len(titles)


def main() -> None:
    reports = [report(kind) for kind in _KINDS]
    pages = sorted(made.n_pages for made in reports)
    characters = sum(len(text) for made in reports for text, _, _ in made.sentences) / sum(pages)
    print(
        f"{len(reports)} reports of {pages[0]} to {pages[-1]} pages, {characters:,.0f} characters a page in sentences"
    )
    detect_language("The models of languages are loaded before the first measurement begins.")
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in READERS}
    names = list(READERS)
    started = time.perf_counter()
    for number, made in enumerate(reports):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            results[name].append(measured(READERS[name], made))
    for name, figures in results.items():
        each, words, headings = (median(values) for values in zip(*figures, strict=True))
        print(
            f"{name}: {1000 / max(each, 0.01):,.0f} pages a second of CPU time ({each:.1f} ms a page), "
            f"words {words:.3f}, headings {headings:.2f}"
        )
    ours = median(each for each, _, _ in results["this project"])
    print(
        f"this project {ours:.1f} ms a page (at most {_AT_MOST_MS:g}: {'kept' if ours <= _AT_MOST_MS else 'NOT KEPT'})"
    )
    print(f"measured in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
