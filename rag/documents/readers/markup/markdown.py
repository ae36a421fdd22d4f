"""Read Markdown: front matter becomes labels, HTML comments are left out, headings and pipe tables are found."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import accumulate

from rag.documents.parsed import Parsed, clean, fenced_code, left_out, markdown_headings
from rag.documents.readers.pipe_tables import write_pipe_tables
from rag.documents.tables.text import with_rows
from rag.types import Fields, Row

_YAML = re.compile(r"\A---[ \t]*\n(?P<inner>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(?P<inner>.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_MOST_BRACKETS = 500
"""Brackets in front matter; the parser is slow on lists in lists."""
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def read_markdown(text: str) -> Parsed:
    """The text with its headings; if it has front matter, one row with its values as labels spans the whole text."""
    fields, body = front_matter(text)
    body, comments = without_comments(body.strip())
    body = write_pipe_tables(body, states_header=True)
    notes = (left_out("Comments were", comments),) if comments.strip() else ()
    parsed = with_rows(Parsed(body, headings=markdown_headings(body), notes=notes))
    if not fields or not body:
        return parsed
    return replace(parsed, rows=(Row(0, len(parsed.text), fields), *parsed.rows))


def front_matter(text: str) -> tuple[Fields, str]:
    """The values of the front matter in YAML or TOML, and the text below it; no values if there is none that is valid.

    Values in lists are joined by commas; nested values have names such as "author.name".
    """
    for pattern, read in ((_YAML, _read_yaml), (_TOML, _read_toml)):
        found = pattern.match(text)
        values = read(found["inner"]) if found else None
        if found and values is not None:
            return tuple(_flat(values, "")), text[found.end() :]
    return (), text


def _read_yaml(inner: str) -> Mapping[str, object] | None:
    import yaml

    if inner.count("[") + inner.count("{") > _MOST_BRACKETS:
        return None
    try:
        # A few aliases of aliases could stand for a billion words; each begins with an asterisk.
        events = yaml.parse(inner, Loader=yaml.SafeLoader) if "*" in inner else ()
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            return None
        value: object = yaml.safe_load(inner)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _read_toml(inner: str) -> Mapping[str, object] | None:
    try:
        return tomllib.loads(inner)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _flat(values: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif text := _written(value):
            yield clean(f"{prefix}{name}"), text


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_written, value)))
    if isinstance(value, dict):
        return "; ".join(f"{name}: {text}" for name, text in _flat(value, ""))
    return "" if value is None else " ".join(clean(str(value)).split())


def without_comments(text: str) -> tuple[str, str]:
    """The text without its HTML comments outside code, and the text of the comments."""
    if "<!--" not in text:
        return text, ""
    code = sorted(fenced_code(text) + [match.span() for match in _INLINE_CODE.finditer(text)])
    starts = [start for start, _ in code]
    ends = list(accumulate((end for _, end in code), max))
    pieces, comments, done, place = [], [], 0, text.find("<!--")
    while place >= 0:
        end = text.find("-->", place + 4)
        if end < 0:
            break
        before = bisect_right(starts, place) - 1
        if before >= 0 and place < ends[before]:
            place = text.find("<!--", place + 4)
            continue
        pieces.append(text[done:place])
        comments.append(text[place + 4 : end])
        done = end + 3
        place = text.find("<!--", done)
    kept = "".join(pieces) + text[done:]
    return (_BLANK_LINES.sub("\n\n", kept).strip() if comments else text), " ".join(comments)
