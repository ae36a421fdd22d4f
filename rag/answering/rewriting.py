"""Query rewriting: turn a follow-up question into a query that can be understood without the conversation.

Measured on twelve follow-up questions on the sample documents (MiniLM, five passages): unchanged, 4 find the passage
that answers them; with the previous question put before them, all 12. But of 30 independent questions, 7 lose their
passage if a question on another topic is put before them. So without a model, only questions that depend on the
conversation are extended.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.control_tokens import inert
from rag.answering.types import Exchange
from rag.errors import PromptError
from rag.generation.types import Generator, Prompt, PromptParts
from rag.servers.types import Message
from rag.text.sentences import split_sentences
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import telling_words

INSTRUCTION = (
    "Rewrite the last question so that it can be understood without the conversation. "
    "Keep names and numbers. Write only the question."
)
_MOST_EXCHANGES = 3
_SENTENCES_PER_ANSWER = 2
_LONGEST_ANSWER = 300
_LONGEST_QUERY = 400
_LONGEST_SCANNED = 2000

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CONNECTIVE = re.compile(r"\W*(?:and|but|or|so|then|also|what about|how about|why)\b", re.IGNORECASE)
_REFERRING = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|hers?|this|these|those|there|else|that's"
    r"|the (?:other|same|former|latter)"
    r"|(?:about|after|before|do|does|did|for|from|is|of|on|than|to|was|will|with) that)\b|\bthat\W*$",
    re.IGNORECASE,
)
_CONTENT_WORDS_NEEDED = 3
_CONTENT_WORDS_WITH_REFERENCE = 5
_COMMON_WORDS_OF_ENGLISH = 2

_LABEL = re.compile(
    r"^(?:(?:stand-?alone|rewritten|revised|reformulated|rephrased|new|last|final)\s+)?(?:question|query|q|output)\s*:",
    re.IGNORECASE,
)
_AROUND = " \t\"'`*_“”‘’«»„"
_REFUSAL = re.compile(
    r"(?:i\s+(?:can(?:no|')t|can’t|do(?:n't|n’t| not)|am (?:not|sorry|unable)|apologi[sz]e)|i['’]m (?:sorry|not|unable)"
    r"|sorry|unfortunately|as an ai|yes\b|no,|sure|of course)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The query to search for; `note` is a sentence if the model's rewriting was missing or not used."""

    query: str
    note: str


def needs_rewriting(question: str, history: Sequence[Exchange]) -> bool:
    """Whether the question may depend on a conversation; always false without one."""
    return bool(history) and bool(question.strip())


def rewritten(
    question: str, history: Sequence[Exchange], generator: Generator, stop: threading.Event | None = None
) -> Rewriting:
    """The question as rewritten by the model; if that is unusable, the question together with earlier ones.

    Models of the styles "tiny" and "plain" are not asked: of the twelve follow-ups, the built-in model and a base model
    of 270 million parameters rewrote none. They answered, or asked something else.

    Raises:
        ModelError: the model is unreachable, refuses the request, or stops midway.
    """
    if not needs_rewriting(question, history):
        return Rewriting(question, "")
    if generator.style != "chat":
        reason = "This model does not rewrite questions"
        return _without_model(question, history, reason) if _depends_on_history(question) else Rewriting(question, "")
    try:
        prompt = rewriting_prompt(question, history, generator=generator)
    except PromptError:
        return _without_model(question, history, "The question is too long to be rewritten")
    query = _written_line(prompt, generator, stop)
    if reason := _unusable(query, question, history):
        return _without_model(question, history, f"The model's rewriting was not used: {reason}")
    return Rewriting(query, "")


def rewriting_prompt(question: str, history: Sequence[Exchange], *, generator: Generator) -> Prompt:
    """The prompt that asks for a rewriting: the question, and the last exchanges that fit, with shortened answers.

    Raises:
        PromptError: the question alone is too long.
    """
    room = generator.context_window - generator.max_answer_tokens
    for n in range(min(_MOST_EXCHANGES, len(history)), -1, -1):
        messages = _messages(question, history[len(history) - n :], generator)
        if (n_tokens := generator.count_tokens(messages)) <= room:
            return Prompt(
                messages=messages,
                hits=(),
                left_out=(),
                n_tokens=n_tokens,
                context_window=generator.context_window,
                max_answer_tokens=generator.max_answer_tokens,
                parts=PromptParts(0, 0, 0, n_tokens),
                history_left_out=len(history) - n,
                is_exact=generator.counts_exactly,
            )
    raise PromptError(f"The question takes {n_tokens:,} tokens, but there is room for {room:,}. Shorten it.")


def _messages(question: str, history: Sequence[Exchange], generator: Generator) -> tuple[Message, ...]:
    exchanges = [f"Question: {inert(turn.question)}\nAnswer: {inert(_beginning(turn.answer))}" for turn in history]
    conversation = "\n\n".join(["CONVERSATION", *exchanges, f"LAST QUESTION\n\n{inert(question)}"])
    if generator.style == "plain":
        return (Message("user", f"{INSTRUCTION}\n\n{conversation}\n\nRewritten question:"),)
    return Message("system", INSTRUCTION), Message("user", conversation)


def _beginning(answer: str) -> str:
    """The first sentences of an answer, which usually name its topic."""
    start = answer[:_LONGEST_SCANNED]
    spans = split_sentences(start)[:_SENTENCES_PER_ANSWER]
    return start[: spans[-1][1]][:_LONGEST_ANSWER].strip() if spans else ""


def _written_line(prompt: Prompt, generator: Generator, stop: threading.Event | None) -> str:
    """The first line of the model's text, without waiting for the rest; thoughts are skipped."""
    text = ""
    for piece in generator.stream(prompt, stop):
        if isinstance(piece, str):
            text += piece
            whole_lines, _, _ = text.rpartition("\n")
            if (line := _cleaned(whole_lines)) or len(text) > _LONGEST_SCANNED:
                return line
    return _cleaned(text)


def _cleaned(text: str) -> str:
    """The first line that is not just a label or introduction, without label, quotes and emphasis."""
    for line in text.splitlines():
        bare = _LABEL.sub("", line.lstrip("#>- ").strip(_AROUND), count=1) if line.strip() else ""
        if (bare := bare.strip(_AROUND)) and not bare.endswith(":"):
            return bare
    return ""


def _unusable(query: str, question: str, history: Sequence[Exchange]) -> str:
    """The reason why a rewritten query is unusable; empty if it is usable."""
    if not query:
        return "it was empty"
    if len(query) > _LONGEST_QUERY:
        return f"it was longer than {_LONGEST_QUERY} characters"
    if _REFUSAL.match(query) or (question.rstrip().endswith("?") and query.endswith((".", "!"))):
        return "it was an answer, not a question"
    kept = {reading for number in stated_numbers(query) for reading in number.readings}
    for number in stated_numbers(question):
        if not number.is_doubtful and not number.readings & kept:
            return f"it lost “{number.text}”"
    last = history[-1]
    known = _stems(f"{question}\n{last.question}\n{last.answer[:_LONGEST_SCANNED]}")
    return "" if _stems(query) & known else "it asked about something else"


def _stems(text: str) -> set[str]:
    """The stems of a text's telling words, and every reading of its numbers."""
    readings = {reading for number in stated_numbers(text) for reading in number.readings}
    return readings | {word.stem for word in telling_words(text)}


def _without_model(question: str, history: Sequence[Exchange], reason: str) -> Rewriting:
    """The question, after the earlier questions it depends on: back to the latest independent one, or at most three."""
    if not _depends_on_history(question):
        return Rewriting(question, f"{reason}, so the search used the question as it is.")
    before: list[str] = []
    for turn in reversed(history[-_MOST_EXCHANGES:]):
        before.insert(0, turn.question.strip()[:_LONGEST_QUERY])
        if not _depends_on_history(turn.question):
            break
    note = f"{reason}, so the search also used {_earlier(len(before))}."
    return Rewriting(" ".join([*before, question.strip()]), note)


def _earlier(n: int) -> str:
    return "the previous question" if n < 2 else f"the {n} previous questions"


def _depends_on_history(question: str) -> bool:
    """Whether a question seems to need the conversation: it refers to something, or has little content.

    Decided by English words; questions in other languages count as dependent.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = [word.lower() for word in _WORD.findall(question)]
    content = {word for word in words if word not in ENGLISH_STOP_WORDS}
    if (
        len(words) - len(content) < _COMMON_WORDS_OF_ENGLISH
        or len(content) < _CONTENT_WORDS_NEEDED
        or _CONNECTIVE.match(question)
    ):
        return True
    return len(content) < _CONTENT_WORDS_WITH_REFERENCE and bool(_REFERRING.search(question))
