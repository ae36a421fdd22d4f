"""Questions from cross-references: the words of a link, or what the sentence promises, answered where it points to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urlsplit

from rag.evaluation.structure.candidates import Candidate, candidate
from rag.evaluation.structure.passages import paragraphs_of
from rag.evaluation.structure.sections import (
    LONGEST_DOCUMENT,
    Section,
    body_span,
    code_spans,
    document_subject,
    is_answer,
    is_code,
)
from rag.evaluation.structure.wording import (
    in_context,
    is_boilerplate,
    is_identifier,
    is_question,
    is_signature,
    is_within,
    n_telling,
    plain,
    points_elsewhere,
    stands_alone,
)
from rag.text.stems import count_words, telling_words
from rag.types import Document

KIND = "reference"
_LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]]+)\](?:\((?P<url>[^()\s]+)(?:\s+\"[^\"]*\")?\)|\[(?P<label>[^\[\]]*)\])")
_DEFINITION = re.compile(r"^[ \t]*\[([^\]]+)\]:[ \t]*(\S+)", re.MULTILINE)
_NUMBERED = re.compile(
    r"\b(?:section|chapter|sec\.|abschnitt|kapitel|chapitre|secci[oó]n)\s+(?P<number>\d+(?:\.\d+)*)", re.I
)
_NUMBER = re.compile(r"[#\s]*(?:(?:section|chapter|abschnitt|kapitel)\s+)?(\d+(?:\.\d+)*)[.:)]?\s", re.IGNORECASE)
_SEE = (
    r"(?:please\s+)?(?:also\s+)?(?:see|refer to|check(?:\s+out)?|consult|read|(?:have|take) a look at|siehe|lesen Sie)"
)
_DETAILS = (
    r"(?:(?:more|further|full|complete|additional|detailed)\s+)?"
    r"(?:information|details?|info|guidance|instructions|documentation)"
)
_BEFORE = (
    re.compile(
        rf"\bfor\s+(?:{_DETAILS}\s+(?:on|about|regarding|of|for)\s+)?(?P<topic>[^,.;:()]+?)\s*,\s+{_SEE}\s+[^.;]*$",
        re.I,
    ),
    re.compile(rf"\bto\s+learn\s+(?:more\s+)?(?:about\s+)?(?P<topic>[^,.;:()]+?)\s*,\s+{_SEE}\s+[^.;]*$", re.I),
    re.compile(
        rf"\bif you(?:'d| would)?\s+(?:want|need|like|wish)\s+to\s+(?P<task>[^,.;:()]+?)\s*,\s+{_SEE}\s+[^.;]*$", re.I
    ),
    re.compile(
        r"\b(?:more|details|information)\s+(?:about|on)\s+(?P<topic>[^,.;:()]+?)\s+"
        r"(?:is|are|can be found|can be read)\s+(?:\w+\s+)?in\s+[^.;]*$",
        re.I,
    ),
)
_AFTER = (
    re.compile(rf"^[^.;,]{{0,40}}?\s+for\s+(?:{_DETAILS}\s+(?:on|about|regarding|of)\s+)(?P<topic>[^,.;:()]+)", re.I),
    re.compile(r"^[^.;,]{0,40}?\s+for\s+(?:more\s+(?:on|about)\s+)?(?P<topic>[^,.;:()]+)", re.I),
    re.compile(r"^[^.;,]{0,40}?\s+(?:to learn|on)\s+(?P<topic>how to [^,.;:()]+)", re.I),
)
_SEES = re.compile(rf"\b{_SEE}\s+(?:the\s+|our\s+)?$", re.IGNORECASE)
_TAIL = re.compile(
    r"\s+(?:guide|docs?|documentation|pages?|sections?|reference|tutorial|article|chapter)$", re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:an?|the|our|some|any|all|this|der|die|das|eine?)\s+", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:guides?|docs|pages?|sections?|tutorials?|articles?|chapters?|links?|examples?)\b", re.IGNORECASE
)
"""Names a part of the documents instead of a matter."""
_MOST_WORDS = 14
_LEAST_SHARED = 0.6
"""The share of a question's telling words that its target must hold."""


@dataclass(frozen=True)
class Library:
    """All documents of an exam and their sections, by name, for references from one to another."""

    documents: Mapping[str, Document]
    sections: Mapping[str, tuple[Section, ...]]

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """Full names by the last part of the name without its suffix."""
        found: dict[str, list[str]] = {}
        for name in self.documents:
            found.setdefault(_stem(name), []).append(name)
        return found

    def target(self, origin: Document, url: str) -> tuple[Document, Section | None] | None:
        """The document and section that a link in `origin` points to; None if it points elsewhere."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if parts.scheme or parts.netloc:
            return None
        name = self._name(origin.name, unquote(parts.path)) if parts.path else origin.name
        if name is None:
            return None
        if not parts.fragment:
            return (self.documents[name], None) if name != origin.name else None
        anchor = _slug(unquote(parts.fragment))
        section = next((one for one in self.sections[name] if _slug(one.title) == anchor), None)
        return (self.documents[name], section) if section else None

    def numbered(self, document: Document, number: str) -> Section | None:
        """The section of a document whose heading has this number."""
        for section in self.sections[document.name]:
            match = _NUMBER.match(document.text, section.place)
            if match and match[1] == number:
                return section
        return None

    def _name(self, origin: str, path: str) -> str | None:
        """The document at a path relative to another, or else the only one with this file name."""
        full = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
        if full in self.documents:
            return full
        named = self._names.get(_stem(path), [])
        return named[0] if len(named) == 1 else None


def reference_questions(document: Document, library: Library) -> Iterator[Candidate]:
    """Questions from links to sections and documents of the library, and from sentences that point to them."""
    text = document.text
    code = code_spans(text)
    definitions = {match[1].casefold(): match[2] for match in _DEFINITION.finditer(text)}
    for start, end in paragraphs_of(text):
        if is_code(code, start, start + 1):
            continue
        passage = text[start:end]
        for link in _LINK.finditer(passage):
            url = link["url"] or definitions.get((link["label"] or link["words"]).casefold(), "")
            target = library.target(document, url) if url else None
            if target:
                yield from _asked(target, library, [link["words"]], _promised(passage, link))
        for number in _NUMBERED.finditer(passage):
            section = library.numbered(document, number["number"])
            if section and not section.start <= start < section.end:
                yield from _asked((document, section), library, [], _promised(passage, number))


def _asked(
    target: tuple[Document, Section | None], library: Library, links: Sequence[str], promised: Sequence[str]
) -> Iterator[Candidate]:
    """A question for the link's words and one for what the sentence promises, if the target is about them."""
    document, section = target
    sections = library.sections[document.name]
    subject = document_subject(document, sections)
    place = (section.start, section.end) if section else body_span(document)
    names = f"{section.title} {' '.join(section.parents)}" if section else subject
    passage = document.text[slice(*place)]
    is_long = section is None and len(passage) > LONGEST_DOCUMENT
    if (
        is_long
        or not is_answer(passage)
        or any(is_boilerplate(one) for one in (subject, section.title if section else ""))
    ):
        return
    for words in (*links, *promised):
        question = _ARTICLE.sub("", plain(_TAIL.sub("", plain(words))))
        if section and is_within(question, f"{names} {subject}"):
            continue
        if not _is_askable(question) or not _is_about(question, f"{names} {passage}"):
            continue
        texts = [question] if stands_alone(question) or (is_question(question) and n_telling(question) > 1) else []
        if is_within(subject, question):
            texts = [question]
        elif not is_within(question, subject):
            texts.append(in_context(question, subject))
        yield candidate(document, KIND, texts, [place])


def _is_askable(question: str) -> bool:
    is_long = count_words(question) > _MOST_WORDS
    if is_long or n_telling(question) < 2 or points_elsewhere(question):
        return False
    return not is_signature(question) and not is_identifier(question) and not _PART.search(question)


def _is_about(question: str, passage: str) -> bool:
    stems = {word.stem for word in telling_words(question)}
    held = {word.stem for word in telling_words(passage)}
    return len(stems & held) >= _LEAST_SHARED * len(stems)


def _promised(passage: str, place: re.Match[str]) -> list[str]:
    """What a sentence says is found at the place that it points to: "For the limits of a plan, see Section 4"."""
    before = " ".join(_LINK.sub(r"\g<words>", passage[: place.start()]).split())
    after = " ".join(_LINK.sub(r"\g<words>", passage[place.end() :]).split())
    before = f"{before} " if before else ""
    for pattern in _BEFORE:
        if match := pattern.search(f"{before}x"):
            found = match.groupdict()
            return [f"How to {found['task']}"] if found.get("task") else [found["topic"]]
    if _SEES.search(before):
        for pattern in _AFTER:
            if match := pattern.match(f"{after}" if after.startswith((",", ".")) else f" {after}"):
                return [match["topic"]]
    return []


def _stem(name: str) -> str:
    return posixpath.basename(name.rstrip("/")).rsplit(".", 1)[0].casefold()


def _slug(title: str) -> str:
    return re.sub(r"[\W_]+", "-", title.casefold()).strip("-")
