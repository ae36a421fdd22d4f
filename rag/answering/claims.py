"""Claims: the sentences of an answer that can be checked against passages, as plain text without markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text.sentences import split_sentences
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import count_words, is_common, stemmed_words

_MINIMUM_WORDS = 3
_MINIMUM_TELLING = 2
_LINE_MARK = re.compile(r"^\s*(?:(?:[-*+•>]|#{1,6}|\(?\d{1,3}[.)])\s+)+")
_NUMBERING = re.compile(r"\(?\d{1,3}[.)][^\S\n]+")
_CITATION = re.compile(
    r"(?:[\[【]\s*|\(\s*(?=[a-z]))(?:(?:passage|source|document|doc)s?\s*)?\d+(?:\s*[,;–-]\s*\d+)*\s*[\]】)]|"
    r"\b(?:according to )?passages?\s+\d+(?:(?:,|\s+and|\s+or)\s+\d+)*\b,?",
    re.I,
)
_EMPHASIS = re.compile(r"\*\*|__|~~|`+")
_HEADING = re.compile(r"\s*#{1,6}\s")
# These two patterns avoid backtracking over spaces and dashes: a model that repeats itself writes thousands.
_CELL_END = re.compile(r" ?\|")
_RULE = re.compile(r"[\s:|]*-[\s:|-]*")
_LAST_SIGN = re.compile(r"([?？؟：:])[\s*_\"'”’»)\]]*$")
_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey|dear (?:all|user)|good (?:morning|afternoon|evening|day)|sure|certainly|of course|okay|ok|"
    r"great|thanks|thank you(?: (?:so|very) much)?|you(?:'|’)?(?:re| are) welcome)\b[\s,.!:]*)+(?:there\b[\s,.!]*)?",
    re.I,
)
_COURTESY = re.compile(
    r"^(?:i hope (?:this|that|it)\b|let me know\b|please (?:let me know|feel free)\b|feel free\b|"
    r"if you (?:have|need) (?:any|more|further)\b.{0,80}(?:\blet me know|\bfeel free|\bask)|i(?:'|’)m happy to\b|"
    r"i am happy to\b|thank you for\b|thanks for\b)",
    re.I,
)
_NOT = r"(?:(?:do|does|did|could|can)(?:\s+not|n['’]t)|cannot|can['’]t|never)"
_SOURCE = (
    r"(?:passages?|context|sources?|documents?|excerpts?|(?:provided|given|available) (?:text|information|material)s?)"
)
_TELLS = (
    r"(?:answer|mention|say|state|contain|provide|specify|include|cover|give|tell|address|discuss|describe|explain|"
    r"indicate|offer|have)"
)
_REFUSALS = [
    re.compile(form, re.I)
    for form in (
        rf"\b{_SOURCE}(?:\s+\S+){{0,3}}?\s+{_NOT}\s+(?:\w+\s+)?{_TELLS}\b",
        rf"\b{_SOURCE}\s+(?:say|contain|hold|give|provide|offer|ha(?:ve|s))s?\s+(?:no|nothing)\b",
        r"\b(?:not|n['’]t|nothing|nowhere|no \w+(?: \w+)?)\b(?:\s+\S+){0,4}?\s+(?:in|by|from)\s+"
        rf"(?:any of )?(?:the|these)\s+(?:\w+\s+)?{_SOURCE}\b",
        rf"^(?:(?:i['’]?m sorry|i am sorry|sorry|unfortunately)[\s,.]*(?:but )?)?i (?:{_NOT}|(?:am|was) unable to) "
        r"(?:know|find|answer|tell|say|see|have)\b",
        r"^(?:unfortunately,? )?there (?:is|was) (?:no|not enough) (?:information|mention|answer)\b",
    )
]
_WITHOUT_SUBJECT = re.compile(
    r"^(?:(?:and|but|or|it|this|that|they|which) )?(?:is|are|was|were|be|been|being|to be|has|have|had|will|would|can|"
    r"could|may|might|must|shall|should|does|did)\b",
    re.I,
)
_TURN = re.compile(r"\b(?:but|however|although|though|yet|still)\b[^.]*\w", re.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an answer at [start, end); `plain` is its text without markup and citation marks.

    `is_checkable` is false for sentences without a claim: headings, questions, greetings, fewer than three words,
    fragments such as "is to be replaced.", and statements that the passages do not answer the question.
    """

    start: int
    end: int
    plain: str
    is_checkable: bool


def statements(answer: str) -> tuple[Statement, ...]:
    """The sentences of an answer that contain a letter or digit, in order; list items and table rows are sentences."""
    found = [(start, end, plain_text(answer[start:end])) for start, end in _sentences(answer)]
    return tuple(
        Statement(start, end, plain, is_checkable(answer[start:end], _next_line(answer, end)))
        for start, end, plain in found
        if any(sign.isalnum() for sign in plain)
    )


def _sentences(answer: str) -> list[tuple[int, int]]:
    """Spans of sentences; the number of a list item belongs to its first sentence."""
    spans: list[tuple[int, int]] = []
    for start, end in split_sentences(answer):
        if spans and _NUMBERING.fullmatch(answer, spans[-1][0], start):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def plain_text(sentence: str) -> str:
    """The sentence without list numbers, marks such as [1] or **, and "passage 2"; table cells are joined by commas."""
    bare = _EMPHASIS.sub(" ", _CITATION.sub(" ", _LINE_MARK.sub("", sentence)))
    cells = _CELL_END.sub(", ", " ".join(bare.split()))
    return " ".join(cells.split()).strip(" ,")


def _next_line(text: str, position: int) -> str:
    first = text.find("\n", position) + 1
    end = text.find("\n", first)
    return text[first : end if end >= 0 else len(text)] if first else ""


def is_checkable(sentence: str, next_line: str = "") -> bool:
    """Whether a sentence makes a claim; the next line is needed to recognize a table header.

    Greetings and refusals are recognized in English only.
    """
    plain = plain_text(sentence)
    if _HEADING.match(sentence) or _LAST_SIGN.search(plain) or _COURTESY.match(plain):
        return False
    if sentence.startswith("|") and _RULE.fullmatch(next_line):
        return False
    if count_words(_OPENING.sub("", plain)) < _MINIMUM_WORDS or _is_fragment(plain):
        return False
    refusals = [refusal for form in _REFUSALS if (refusal := form.search(plain))]
    return not refusals or any(_TURN.search(plain, refusal.end()) for refusal in refusals)


def _is_fragment(plain: str) -> bool:
    """Whether a text says nothing about anything: a verb with fewer than two words or numbers that tell something."""
    if not _WITHOUT_SUBJECT.match(plain):
        return False
    telling = sum(not is_common(plain[word.start : word.end]) for word in stemmed_words(plain))
    return telling + len(stated_numbers(plain)) < _MINIMUM_TELLING
