"""The question in what a model wrote: without thoughts, labels, quotes, JSON, introductions, answers and refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from rag.text.sentences import split_sentences
from rag.text.stems import count_words

LONGEST_QUESTION = 300
"""Characters of a drafted question."""
_FEWEST_WORDS = 3
_SHOWN = 60
_ENDS = "?？؟՞⸮"
_AROUND = " \t\"'`*_#>“”‘’«»„‹›「」『』【】()[]{}"
_THOUGHTS = re.compile(
    r"<(think(?:ing)?|thought|reasoning)>.*?(?:</\1>|\Z)|\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE
)
_MARKS = re.compile(r"<[|/]?[\w|]{1,40}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBERING = re.compile(r"^(?:[-*•–]|\(?\d{1,2}[.):])\s+")
_LABEL = re.compile(
    r"^\W*(?:(?:possible|exam|sample|generated|new|test|good|one|the|an?|here\W?s|here is)\s+)*"
    r"(?:questions?|q|query|frage|pregunta|domanda|pergunta|vraag|spørgsmål|fråga|pytanie|kysymys|soru|вопрос"
    r"|问题|問題|質問|질문|سؤال)(?:\s*\(\w[^)]{0,30}\))?\s*\d{0,2}\W{0,4}[:：]\W*",
    re.IGNORECASE,
)
_LABEL_OF_ANSWER = re.compile(
    r"\W*(?:answer|a|antwort|respuesta|réponse|risposta|ответ|答案|回答)\W{0,3}[:：]", re.IGNORECASE
)
_SOURCE = r"(?:(?:the|this|that|given|above|provided|following)\s+)+(?:passage|text|excerpt|paragraph|document|article)"
_REFERRING = re.compile(
    rf"^(?:according to|based on|in|from|per)\s+{_SOURCE}(?:\s+above)?\s*,?\s+"
    rf"|,?\s+(?:according to|based on|(?:mentioned|described|stated|given|discussed) in|in|from)\s+{_SOURCE}"
    r"(?:\s+above)?(?=\W*$)",
    re.IGNORECASE,
)
_ABOUT_PASSAGE = re.compile(rf"\b(?:{_SOURCE}|the author|the writer)\b", re.IGNORECASE)
_NAMES_OF_PASSAGE = re.compile(
    r"\b(?:passage|text|excerpt|paragraph|document|article|author|writer)s?\b", re.IGNORECASE
)
_TALK = re.compile(
    r"\b(?:(?:could|can|would|will) you (?:please )?(?:provide|share|paste|give|clarify|rephrase|tell me)"
    r"|would you like|do you want me|shall i|how (?:can|may) i (?:help|assist)|what (?:can|may) i help"
    r"|is there anything|does (?:this|that) (?:help|work)|let me know)\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\W*(?:i\s+(?:can(?:no|['’])t|do(?:n['’]t| not)|am (?:not|sorry|unable)|apologi[sz]e)"
    r"|i['’]m (?:sorry|not|unable)|sorry|unfortunately|as an ai)\b",
    re.IGNORECASE,
)
_IN_JSON = re.compile(r'"question"\s*:\s*("(?:[^"\\]|\\.)*")', re.IGNORECASE)
_ASKING = re.compile(
    r"(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|may|must|should|will|has|have)"
    r"\b[^.!:]+\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """The question in a model's text; if it is empty, `problem` says why as a phrase: "it wrote nothing"."""

    text: str
    problem: str = ""


def question_in(written: str, passage: str = "") -> Found:
    """The first usable question in what a model wrote about a passage.

    A question ends with a question mark, which is added if only that is missing. Words such as "according to the
    passage" at its beginning or end are removed, because a person who asks has no passage.
    """
    text = _MARKS.sub(" ", _CONTROL.sub(" ", _THOUGHTS.sub(" ", written)))
    if not text.strip():
        return Found("", "it wrote nothing" if not written.strip() else "it wrote only its reasoning")
    problem = ""
    for candidate in _candidates(text):
        question = _finished(_standing_alone(candidate))
        reason = _fault(question, passage)
        if not reason:
            return Found(question)
        problem = problem or reason
    return Found("", problem or _what_it_wrote(text))


def whole_questions(written: str) -> str:
    """A text that was cut off, up to its last question mark: what follows may be the beginning of a question."""
    return written[: max(written.rfind(mark) for mark in _ENDS) + 1]


def _candidates(text: str) -> Iterator[str]:
    """The sentences that ask something, in order, those in JSON first."""
    yield from _strings_in_json(text)
    for line in text.splitlines():
        bare = _bare(line)
        if not bare or _LABEL_OF_ANSWER.match(bare) or _REFUSAL.match(bare):
            continue
        asking = [
            bare[start:end] for start, end in split_sentences(bare) if bare[start:end].rstrip(_AROUND)[-1:] in _ENDS
        ]
        asking = [one for one in asking if one.strip(_AROUND)]
        yield from map(_bare, asking)
        if not asking and _ASKING.match(bare):
            yield bare


def _bare(line: str) -> str:
    """A line without numbering, label, quotes and emphasis."""
    bare, before = line.strip(), None
    while bare != before:
        before, bare = bare, _LABEL.sub("", _NUMBERING.sub("", bare.strip(_AROUND)), count=1).strip()
    return bare


def _strings_in_json(text: str) -> Iterator[str]:
    """Every text under "question" in JSON, which may be cut or stand among other text."""
    for match in _IN_JSON.finditer(text):
        with suppress(ValueError):
            yield _bare(str(json.loads(match[1], strict=False)))


def _standing_alone(candidate: str) -> str:
    question = " ".join(candidate.split()).strip(_AROUND + ":-–—,;")
    shortened = _REFERRING.sub("", question)
    return shortened if shortened == question else shortened[:1].upper() + shortened[1:]


def _finished(question: str) -> str:
    """The question with a question mark at its end; none if it is no question."""
    return question if not question or question[-1] in _ENDS else f"{question.rstrip('. ')}?"


def _fault(question: str, passage: str) -> str:
    """Why a question cannot be used, as a phrase; empty if it can."""
    if count_words(question) < _FEWEST_WORDS:
        return f"its question is too short (“{question}”)"
    if len(question) > LONGEST_QUESTION:
        return f"its question is longer than {LONGEST_QUESTION} characters"
    if _TALK.search(question) or _REFUSAL.match(question):
        return f"it talked about its task (“{_beginning(question)}”)"
    # A document about passages or authors may ask about them.
    if _ABOUT_PASSAGE.search(question) and not _NAMES_OF_PASSAGE.search(passage):
        return f"its question is about the passage, which nobody who asks has seen (“{_beginning(question)}”)"
    return ""


def _what_it_wrote(text: str) -> str:
    return f"it wrote no question (“{_beginning(text)}”)"


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN].rstrip()}…"
