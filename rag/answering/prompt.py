"""Prompt building: question, passages and history as messages that fit the model's context window.

Control tokens in untrusted text (passages, names, the question, earlier turns) are neutralized; `Prompt.hits` keep the
stored texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.control_tokens import inert
from rag.answering.prompt_template import PromptTemplate, declaration, default_template, fence_around
from rag.answering.types import Exchange
from rag.errors import PromptError
from rag.generation.types import Prompt, PromptParts, PromptStyle
from rag.servers.types import Message
from rag.text.labels import context_of
from rag.types import Chunk, Hit

CountTokens = Callable[[Sequence[Message]], int]

_HISTORY_SHARE = 0.4
_NO_PASSAGES = "(none)"
_NO_ANSWER = "(no answer)"
_CUE = "Answer:"
"""The end of the prompt, after which a model without a chat template continues."""


def build_prompt(
    question: str,
    hits: Sequence[Hit],
    *,
    context_window: int,
    max_answer_tokens: int,
    count_tokens: CountTokens,
    style: PromptStyle = "chat",
    template: PromptTemplate | None = None,
    history: Sequence[Exchange] = (),
    budget: int = 0,
    is_exact: bool = True,
) -> Prompt:
    """Build the prompt of a question, with as many hits, in order, and of the newest earlier exchanges as fit.

    Args:
        context_window: limit of tokens for prompt and answer together.
        count_tokens: counts the tokens of messages for the answering model; exact if `is_exact`.
        style: "plain" writes one message; "tiny" omits earlier turns.
        template: the wording; None for the style's default.
        history: earlier exchanges, oldest first.
        budget: token limit for all passages together; 0 for no limit except the window.

    Raises:
        PromptError: the question does not fit, or no passage fits in addition to it.
        ValueError: there are hits, but the template has no placeholder for them.
    """
    draft = _Draft(question, template or default_template(style), style, count_tokens)
    if hits and not draft.template.takes_passages:
        raise ValueError("The template takes no passages, but there are hits.")
    room = context_window - max_answer_tokens
    earlier, taken, left_out = _chosen(draft, history, hits, room, budget)
    parts = _parts(draft, earlier, taken)
    return Prompt(
        messages=draft.messages(earlier, taken),
        hits=tuple(taken),
        left_out=tuple(left_out),
        n_tokens=parts.system + parts.history + parts.context + parts.question,
        context_window=context_window,
        max_answer_tokens=max_answer_tokens,
        parts=parts,
        history_left_out=len(history) - len(earlier),
        is_exact=is_exact,
    )


def preview_prompt(template: PromptTemplate) -> tuple[Message, ...]:
    """The messages of a template with two example passages and a question."""
    texts = ("The kiln is lit on Tuesdays at noon.", "Glaze dries for two days before firing.")
    hits = [
        Hit(Chunk("", 0, len(text), text, 0), f"pottery-{rank}.txt", 1.0, rank, ())
        for rank, text in enumerate(texts, 1)
    ]
    return _Draft("When is the kiln lit?", template, "chat", len).messages(hits=hits)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A prompt under construction: counts the tokens of what may still be left out."""

    question: str
    template: PromptTemplate
    style: PromptStyle
    count_tokens: CountTokens

    def messages(self, earlier: Sequence[Exchange] = (), hits: Sequence[Hit] = ()) -> tuple[Message, ...]:
        """The messages with these exchanges and hits."""
        question = inert(self.question)
        turns = [Exchange(inert(turn.question), inert(turn.answer).strip() or _NO_ANSWER) for turn in earlier]
        passages = [self._passage(number, hit) for number, hit in enumerate(hits, start=1)]
        turn_texts = [text for turn in turns for text in (turn.question, turn.answer)]
        fence = fence_around([*passages, *turn_texts, question, self.template.system, self.template.user])
        system = self._instructions(fence)
        user = self.template.filled(_fenced(passages, fence), question)
        return (_one_message if self.style == "plain" else _chat)(system, turns, user)

    def _passage(self, number: int, hit: Hit) -> str:
        """A passage with its number, as it stands between two fences; its document's name takes one line.

        Its context line follows, marked as such, with the labels of a table's row. A tiny model gets neither.
        """
        text = hit.excerpt or hit.chunk.text
        if self.style == "tiny":
            return inert(f"[{number}] {text}")
        context = context_of(hit.chunk)
        line = f"Context: {context}\n" if context else ""
        return inert(f"[{number}] {' '.join(hit.document_name.split())}\n{line}{text}")

    def _instructions(self, fence: str) -> str:
        """The template's system text, and the sentence that declares fenced passages to be data."""
        instructions = [self.template.system] if self.template.system.strip() else []
        return " ".join(
            [*instructions, declaration(self.style, fence)] if self.template.takes_passages else instructions
        )

    def count(self, earlier: Sequence[Exchange] = (), hits: Sequence[Hit] = ()) -> int:
        """Tokens of the messages with these exchanges and hits."""
        return self.count_tokens(self.messages(earlier, hits))

    def count_system(self) -> int:
        """Tokens of the instructions alone."""
        text = self._instructions(fence_around(()))
        return self.count_tokens([Message("user" if self.style == "plain" else "system", text)]) if text else 0


def _fenced(passages: Sequence[str], fence: str) -> str:
    """The passages with a fence before, between and after them."""
    if not passages:
        return _NO_PASSAGES
    return f"{fence}\n" + f"\n{fence}\n".join(passages) + f"\n{fence}"


def _chat(system: str, turns: Sequence[Exchange], user: str) -> tuple[Message, ...]:
    first = [Message("system", system)] if system else []
    earlier = [(Message("user", turn.question), Message("assistant", turn.answer)) for turn in turns]
    return (*first, *(message for pair in earlier for message in pair), Message("user", user))


def _one_message(system: str, turns: Sequence[Exchange], user: str) -> tuple[Message, ...]:
    """Everything as one message; a server without a chat template would drop all other messages."""
    earlier = [f"Question: {turn.question}\n{_CUE} {turn.answer}" for turn in turns]
    asked = user if user.rstrip().endswith(_CUE) else f"{user}\n{_CUE}"
    return (Message("user", "\n\n".join([*([system] if system else []), *earlier, asked])),)


def _bare_count(draft: _Draft, room: int) -> int:
    """Tokens of the prompt without passages and history. Raises PromptError if it does not fit."""
    if (bare := draft.count()) > room:
        raise PromptError(
            f"The question and the instructions take {bare:,} tokens, and the model's context window has room for "
            f"{room:,} without the answer. Shorten them, or choose a larger window."
        )
    return bare


def _chosen(
    draft: _Draft, history: Sequence[Exchange], hits: Sequence[Hit], room: int, budget: int
) -> tuple[Sequence[Exchange], list[Hit], list[Hit]]:
    """The exchanges and hits that fit, and the hits that do not.

    A hit that does not fit is left out; a later, smaller one may still fit. The history gets at most 40% of the space,
    and none if no passage would fit in addition to it. Raises PromptError if no passage fits without it either.
    """
    limit = min(room, _bare_count(draft, room) + int(room * _HISTORY_SHARE))
    earlier = () if draft.style == "tiny" else _newest_that_fit(draft, history, limit)
    taken, left_out = _fitting_hits(draft, earlier, hits, room, budget)
    if hits and not taken:
        earlier = ()
        taken, left_out = _fitting_hits(draft, earlier, hits, room, budget)
    if hits and not taken:
        raise PromptError(_nothing_fits(len(hits), room, budget))
    return earlier, taken, left_out


def _newest_that_fit(draft: _Draft, history: Sequence[Exchange], limit: int) -> tuple[Exchange, ...]:
    """As many of the newest exchanges as the limit allows, without gaps.

    The number is doubled until it is too large, then bisected, so that a long history is never counted as a whole.
    """

    def fits(n: int) -> bool:
        return draft.count(history[len(history) - n :]) <= limit

    fitting, too_many = 0, len(history) + 1
    step = 1
    while step < too_many and fits(step):
        fitting, step = step, step * 2
    too_many = min(too_many, step)
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        fitting, too_many = (middle, too_many) if fits(middle) else (fitting, middle)
    return tuple(history[len(history) - fitting :])


def _fitting_hits(
    draft: _Draft, earlier: Sequence[Exchange], hits: Sequence[Hit], room: int, budget: int
) -> tuple[list[Hit], list[Hit]]:
    """The hits that fit, in order, and those that do not."""
    limit = min(room, draft.count(earlier) + budget) if budget > 0 else room
    taken: list[Hit] = []
    left_out: list[Hit] = []
    for hit in hits:
        fits = draft.count(earlier, [*taken, hit]) <= limit
        (taken if fits else left_out).append(hit)
    return taken, left_out


def _nothing_fits(n_hits: int, room: int, budget: int) -> str:
    limits = f"the {room:,} tokens that the model's context window has in addition to the answer"
    if budget > 0:
        limits = f"the context budget of {budget:,} tokens and {limits}"
    advice = "Raise the budget, choose" if budget > 0 else "Choose"
    return (
        f"None of the {n_hits} passages fits {limits}. "
        f"{advice} a model with a larger window, or rebuild the collection with shorter chunks."
    )


def _parts(draft: _Draft, earlier: Sequence[Exchange], taken: Sequence[Hit]) -> PromptParts:
    """The tokens that each part adds to the parts before it; their sum is the prompt's total."""
    total = draft.count(earlier, taken)
    with_history = min(draft.count(earlier), total)
    bare = min(draft.count(), with_history)
    system = min(draft.count_system(), bare)
    return PromptParts(system, with_history - bare, total - with_history, bare - system)
