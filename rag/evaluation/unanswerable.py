"""Unanswerable questions for a collection: from other collections, and with changed names and numbers.

An exam needs them to see whether a low similarity tells that the documents hold no answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag import config
from rag.evaluation.questions import ExamQuestion, question_id
from rag.evaluation.structure.wording import is_question, n_telling
from rag.text.names import names
from rag.text.placed_words import placed_words
from rag.text.stems import telling_words, word_set
from rag.types import Document

BORROWED, CHANGED = "borrowed", "changed"
MOST_QUESTIONS = 50
Contains = Callable[[Sequence[str]], bool]
"""Whether one passage of a collection holds all these words, in any of their forms."""
_PASSAGE = 1_000
"""Characters of a passage in which words count as being together."""
_LEAST_ABSENT = 0.5
"""The share of a borrowed question's telling words that the collection must not hold anywhere."""
_LEAST_WORDS = 2
_INVENTED = tuple(
    sorted(
        word_set(
            "Adelmont Brindmoor Calvessa Corvane Dunvarrow Elkhollow Fenwrath Galdora Hartquill Ilvermere Jorvessa "
            "Keldrith Lornvale Marrowick Nethersby Orlintha Pellworth Quendale Rothmere Selvarin Tamberly Ulvassen "
            "Verrowin Wexholm Yarndale Zephrane Aldervin Bexmoor Cindrel Dravenhall Estermoor Farrowind Grendholt"
        )
    )
)
"""Names that hardly any document holds; those that one holds are not used."""
_CODE = re.compile(
    r"(?<![\w.])(?:"
    r"(?P<number>\d+(?:[.,:]\d+)*)|(?P<code>[A-Za-z]{1,6}-?\d+\w*)|"
    r"(?P<identifier>[^\W\d_]+(?:_[^\W_]+)+|[a-z]+(?:[A-Z][a-z]+)+|(?:[A-Z][a-z]+){2,}|[A-Z]{2,}[a-z]\w+)"
    r")(?![\w]|\.\w)"
)
_WORD = re.compile(r"\w+")
_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class _Part:
    """A name, number or identifier at [start, end) of a question."""

    start: int
    end: int
    is_number: bool


def unanswerable_questions(
    answerable: Sequence[ExamQuestion],
    documents: Iterable[Document],
    *,
    others: Iterable[ExamQuestion] = (),
    most: int = MOST_QUESTIONS,
    seed: int = config.SEED,
) -> tuple[ExamQuestion, ...]:
    """At most `most` questions that the documents do not answer, without spans; half of each kind if there are enough.

    Args:
        answerable: questions about these documents, whose names and numbers are changed.
        others: questions about other documents, which are borrowed where these documents say nothing about them.
    """
    texts = [document.text for document in documents]
    borrowed = borrowed_questions(others, contains_in(texts), most=most, seed=seed)
    changed = changed_questions(answerable, texts, most=most, seed=seed)
    n_borrowed = min(len(borrowed), max(most // 2, most - len(changed)))
    return borrowed[:n_borrowed] + changed[: most - n_borrowed]


def contains_in(texts: Iterable[str]) -> Contains:
    """A test for words in these texts; a passage is a stretch of about 1,000 characters, and they overlap by half."""
    places: dict[str, set[int]] = {}
    number = 0
    for text in texts:
        for start in range(0, max(1, len(text) - _PASSAGE // 2), _PASSAGE // 2):
            for stem in _stems(text[start : start + _PASSAGE]):
                places.setdefault(stem, set()).add(number)
            number += 1

    def contains(words: Sequence[str]) -> bool:
        stems = {stem for word in words for stem in _stems(word)}
        found = [places.get(stem, set()) for stem in stems]
        return bool(found) and bool(set.intersection(*found))

    return contains


def borrowed_questions(
    others: Iterable[ExamQuestion],
    contains: Contains,
    *,
    most: int = MOST_QUESTIONS,
    seed: int = config.SEED,
) -> tuple[ExamQuestion, ...]:
    """Questions about other documents that this collection does not answer, in an order drawn with `seed`.

    At least half of the telling words of each occur nowhere in the collection, and no passage holds all the others
    together if they are two or more. Questions with fewer than two telling words are left out.
    """
    kept: dict[str, ExamQuestion] = {}
    for question in others:
        words = list(dict.fromkeys(question.text[word.start : word.end] for word in telling_words(question.text)))
        absent = [word for word in words if not contains([word])]
        present = [word for word in words if word not in absent]
        is_foreign = len(words) >= _LEAST_WORDS and len(absent) >= _LEAST_ABSENT * len(words)
        if is_foreign and (len(present) < _LEAST_WORDS or not contains(present)):
            kept.setdefault(question.text, _without_spans(question.text, BORROWED))
    return _drawn(list(kept.values()), most, seed)


def changed_questions(
    answerable: Iterable[ExamQuestion],
    texts: Iterable[str],
    *,
    most: int = MOST_QUESTIONS,
    seed: int = config.SEED,
) -> tuple[ExamQuestion, ...]:
    """Questions with one name, number or identifier replaced by one that none of the texts holds.

    A number keeps its digits' count, a code its letters; a name becomes an invented one. Questions without any of
    these are left out. Each question has its own draw, so that it is changed in the same way in every exam.
    """
    joined = "\n".join(texts)
    held, written = joined.casefold(), frozenset(_WORD.findall(joined))
    kept: dict[str, ExamQuestion] = {}
    for question in answerable:
        generator = random.Random(f"{seed} {question.text}")
        parts = [part for part in _parts(question.text, written) if _says_more(question.text, part)]
        if not parts:
            continue
        part = generator.choice(parts)
        changed = _replacement(question.text[part.start : part.end], part.is_number, held, generator)
        if changed:
            text = question.text[: part.start] + changed + question.text[part.end :]
            kept.setdefault(text, _without_spans(text, CHANGED))
    return _drawn(list(kept.values()), most, seed)


def _says_more(text: str, part: _Part) -> bool:
    """Whether the question is still one without this part: it ends with a question mark, or has other telling words."""
    return is_question(text) or n_telling(f"{text[: part.start]} {text[part.end :]}") > 0


def _parts(text: str, written: frozenset[str]) -> list[_Part]:
    """The names, numbers and identifiers of a question; words of a name in a row are one part.

    In "Guide: Hotels" only what stands after the colon counts. A word that the documents also write in lower case is
    no name, and titles, whose other words have capital letters too, have none.
    """
    contexts = [match.end() for match in re.finditer(r": | - ", text)]
    begin = contexts[-1] if contexts else 0
    parts = [_Part(match.start(), match.end(), not match["identifier"]) for match in _CODE.finditer(text, begin)]
    words = placed_words(text)
    if contexts or not any(word.text.islower() and n_telling(word.text) for word in words):
        return parts
    for name in (name for name in names(words) if name.is_certain):
        word = words[name.place]
        if word.lower in written:
            continue
        if any(part.start < word.end and word.start < part.end for part in parts):
            continue
        last = parts[-1] if parts else None
        if last and not last.is_number and last.end <= word.start and not text[last.end : word.start].strip():
            parts[-1] = _Part(last.start, word.end, False)
        else:
            parts.append(_Part(word.start, word.end, False))
    return parts


def _replacement(part: str, is_number: bool, held: str, generator: random.Random) -> str:
    """Another number or name that no text holds; empty if none is found."""
    for changed in _proposals(part, is_number, generator):
        if changed != part and changed.casefold() not in held:
            return changed
    return ""


def _proposals(part: str, is_number: bool, generator: random.Random) -> Iterator[str]:
    if is_number:
        for _ in range(_ATTEMPTS):
            yield re.sub(r"\d", lambda digit: _other_digit(digit[0], generator), part)
        return
    for invented in generator.sample(_INVENTED, len(_INVENTED)):
        if "_" in part:
            first, line, rest = part.rpartition("_")
            yield f"{first}{line}{invented.upper() if rest.isupper() else invented.lower()}"
        else:
            yield invented


def _other_digit(digit: str, generator: random.Random) -> str:
    return generator.choice("123456789".replace(digit, ""))


def _stems(text: str) -> set[str]:
    return {word.stem for word in telling_words(text)}


def _without_spans(text: str, kind: str) -> ExamQuestion:
    return ExamQuestion(question_id(kind, text, ""), text, (), kind, "structure")


def _drawn(questions: list[ExamQuestion], most: int, seed: int) -> tuple[ExamQuestion, ...]:
    random.Random(seed).shuffle(questions)
    return tuple(questions[:most])
