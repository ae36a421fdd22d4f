"""An exam from the structure of documents: all readers' candidates, made distinct, spread over documents and kinds."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rag import config
from rag.evaluation.questions import ExamQuestion, GoldSpan, question_id
from rag.evaluation.structure.book_index import index_questions
from rag.evaluation.structure.candidates import Candidate, copies, normalized
from rag.evaluation.structure.captions import caption_questions
from rag.evaluation.structure.faq import faq_questions
from rag.evaluation.structure.glossary import glossary_questions
from rag.evaluation.structure.headings import heading_questions
from rag.evaluation.structure.references import Library, reference_questions
from rag.evaluation.structure.sections import sections_of
from rag.text.stems import telling_words
from rag.types import Document

MOST_QUESTIONS = 200
MOST_SPANS = 3
"""Gold passages of one question at most: a wording that fits more of them asks for nothing certain."""


def questions_from(
    documents: Iterable[Document], most: int = MOST_QUESTIONS, seed: int = config.SEED
) -> tuple[ExamQuestion, ...]:
    """Questions whose answers are known from the documents' structure, without a model.

    No question copies a sentence of its passages, and no two have the same words. If there are more than `most`, the
    documents take turns, and each gives the kind of which the exam has fewest. The same documents, `most` and `seed`
    give the same questions, in the order of the documents.

    Raises:
        ValueError: two documents have the same name.
    """
    listed = tuple(documents)
    by_name = {document.name: document for document in listed}
    if len(by_name) != len(listed):
        raise ValueError("two documents have the same name")
    library = Library(by_name, {document.name: sections_of(document) for document in listed})
    found = [one for document in listed for one in _candidates(document, library)]
    texts = {document.name: document.text for document in listed}
    questions = _distinct([one for one in found if one.texts and one.spans], texts)
    chosen = _spread(questions, most, random.Random(seed))
    return tuple(question for question in questions if question.question_id in chosen)


def _candidates(document: Document, library: Library) -> Iterator[Candidate]:
    sections = library.sections[document.name]
    for reader in (faq_questions, heading_questions, glossary_questions, caption_questions, index_questions):
        yield from reader(document, sections)
    yield from reference_questions(document, library)


def _distinct(candidates: Sequence[Candidate], texts: dict[str, str]) -> list[ExamQuestion]:
    """Questions with different words: each candidate takes its shortest wording that no other passage shares.

    A candidate with the words of an earlier one in other forms, for the same passage, is left out.
    If all its wordings are shared, the longest is one question with the passages of all who have it.
    """
    places: dict[str, set[GoldSpan]] = defaultdict(set)
    for one in candidates:
        for text in one.texts:
            places[normalized(text)].update(one.spans)
    merged: dict[str, tuple[Candidate, str, list[GoldSpan]]] = {}
    asked: dict[frozenset[str], list[GoldSpan]] = defaultdict(list)
    for one in candidates:
        alone = (text for text in one.texts if _overlap(places[normalized(text)], one.spans))
        text = next(alone, one.texts[-1])
        same = asked[frozenset(word.stem for word in telling_words(text))]
        if normalized(text) not in merged and any(_meet(span, other) for span in one.spans for other in same):
            continue
        same += one.spans
        spans = merged.setdefault(normalized(text), (one, text, []))[2]
        spans += [span for span in one.spans if not any(_meet(span, other) for other in spans)]
    questions = []
    for one, text, spans in merged.values():
        is_copied = any(copies(text, texts[span.document][span.start : span.end]) for span in spans)
        if len(spans) <= MOST_SPANS and not is_copied:
            name = question_id(one.kind, text, one.spans[0].document)
            questions.append(ExamQuestion(name, text, tuple(spans), one.kind, "structure"))
    return questions


def _overlap(places: Iterable[GoldSpan], spans: Sequence[GoldSpan]) -> bool:
    """Whether all places share characters with one of the spans."""
    return all(any(_meet(place, span) for span in spans) for place in places)


def _meet(span: GoldSpan, other: GoldSpan) -> bool:
    return span.document == other.document and span.start < other.end and other.start < span.end


def _spread(questions: Sequence[ExamQuestion], most: int, generator: random.Random) -> frozenset[str]:
    """The ids of at most `most` questions: the documents take turns with the kind that was taken least."""
    waiting: dict[str, dict[str, list[ExamQuestion]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        waiting[question.spans[0].document][question.kind].append(question)
    for kinds in waiting.values():
        for group in kinds.values():
            generator.shuffle(group)
    names = list(waiting)
    generator.shuffle(names)
    chosen: set[str] = set()
    taken: Counter[str] = Counter()
    while names and len(chosen) < most:
        for name in names[: most - len(chosen)]:
            kind = min(waiting[name], key=lambda one: (taken[one], one))
            chosen.add(waiting[name][kind].pop().question_id)
            taken[kind] += 1
            if not waiting[name][kind]:
                del waiting[name][kind]
        names = [name for name in names if waiting[name]]
    return frozenset(chosen)
