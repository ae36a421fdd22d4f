"""Questions from headings: the heading is asked, and the text below it, up to the next heading, is the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.evaluation.structure.candidates import Candidate, candidate
from rag.evaluation.structure.sections import (
    LEAST_OPENING,
    LEAST_WORDS,
    LONGEST,
    LONGEST_DOCUMENT,
    Section,
    body_span,
    document_subject,
    document_title,
    is_answer,
)
from rag.evaluation.structure.wording import (
    in_context,
    is_boilerplate,
    is_empty,
    is_question,
    is_signature,
    is_within,
    n_telling,
    names_glossary,
    stands_alone,
)
from rag.types import Document

KIND = "heading"
_LONGEST_HEADING = 150
_CONDITION = re.compile(r"(?:if|when|unless|otherwise|wenn|falls|sonst|si)\s", re.IGNORECASE)
"""Begins headings that are the cases of a section: nobody asks "If you use Windows"."""


def heading_questions(document: Document, sections: Sequence[Section]) -> Iterator[Candidate]:
    """A question for each section that a person could look for.

    The title of a short document is one too if its sections are only its parts: "Ingredients", "Directions".
    """
    title, subject = document_title(document, sections), document_subject(document, sections)
    if is_boilerplate(subject) or names_glossary(subject):
        return
    below = [section for section in sections if section.title != title]
    is_one_thing = all(not n_telling(section.title) for section in below)
    if title and n_telling(title) >= 2 and is_one_thing and len(document.text) <= LONGEST_DOCUMENT:
        start, end = body_span(document)
        start = max([start, *(section.start for section in sections[:1] if section.title == title)])
        if is_answer(document.text[start:end]):
            yield candidate(document, KIND, [title], [(start, end)])
    openings = {upper for upper, lower in pairwise(sections) if upper.title in lower.parents[-1:]}
    for section in below:
        least = LEAST_OPENING if section in openings else LEAST_WORDS
        if is_usable(section) and is_answer(document.text[section.start : section.end], least):
            yield candidate(document, KIND, wordings(section, subject), [(section.start, section.end)])


def is_usable(section: Section) -> bool:
    """Whether a section's heading, and all above it, are words that a person could look for."""
    if any(is_boilerplate(parent) for parent in section.parents) or section.end - section.start > LONGEST:
        return False
    title = section.title
    if _CONDITION.match(title) or is_empty(title) or any(names_glossary(one) for one in (title, *section.parents)):
        return False
    return bool(title) and len(title) <= _LONGEST_HEADING and not is_boilerplate(title) and not is_signature(title)


def wordings(section: Section, subject: str) -> list[str]:
    """The heading alone if it says enough, then below its nearest telling parent, then below the document's subject.

    A heading without any telling word is asked only below one that has some.
    """
    title = section.title
    texts = [title] if stands_alone(title) else []
    parents = [parent for parent in reversed(section.parents) if n_telling(parent) and not _is_clause(parent)]
    for context in [*parents[:1], subject]:
        is_repeated = is_within(context, title) or is_within(title, context)
        if not is_repeated and not is_signature(context) and n_telling(context) + n_telling(title) > 0:
            texts.append(in_context(title, context))
    return texts


def _is_clause(parent: str) -> bool:
    return is_question(parent) or bool(_CONDITION.match(parent))
