"""Describe an answer in figures and sentences, which a page and a saved report share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.types import Answer, Contradiction, Dependence, Support, Timings
from rag.generation.types import Prompt
from rag.map.colours import PALETTE
from rag.servers.types import Ending
from rag.types import Chunk, Finding, Hit

RETRIEVER_NAMES = {"dense": "meaning", "keyword": "words", "pieces": "parts of words"}
"""The name under which each retriever's ranks and scores are shown."""
_FREE = "rgba(154,163,171,.3)"
_ANSWER_ROOM = "rgba(154,163,171,.8)"
_NOT_SEARCHED = "No search was made for this answer."
_ENDINGS: dict[Ending, str] = {
    "finished": "The model finished its answer.",
    "length": "The answer reached its limit of {limit:,} tokens and was cut off.",
    "stopped": "The answer was stopped. The text written until then is kept.",
    "broken": "The answer broke off. The text written until then is kept.",
}


@dataclass(frozen=True, slots=True)
class Share:
    """A named part of a whole: `amount` in the unit of the whole, `colour` as in CSS, `label` the amount as text."""

    name: str
    amount: float
    colour: str
    label: str


def window_shares(prompt: Prompt) -> tuple[Share, ...]:
    """What fills the context window, in tokens.

    The amounts add up to the window, or to the prompt and the room for its answer if these are larger.
    """
    parts, free = prompt.parts, prompt.context_window - prompt.n_tokens - prompt.max_answer_tokens
    amounts = (
        ("instructions", parts.system, PALETTE[3]),
        ("earlier exchanges", parts.history, PALETTE[1]),
        ("passages", parts.context, PALETTE[0]),
        ("question", parts.question, PALETTE[5]),
        ("room for the answer", prompt.max_answer_tokens, _ANSWER_ROOM),
        ("unused", max(free, 0), _FREE),
    )
    return tuple(Share(name, tokens, colour, f"{tokens:,.0f}") for name, tokens, colour in amounts)


def time_shares(timings: Timings) -> tuple[Share, ...]:
    """How the seconds from the question to the cited answer were spent."""
    amounts = (
        ("rewriting the question", timings.rewriting, PALETTE[3]),
        ("searching", timings.retrieval, PALETTE[0]),
        ("waiting for the first token", timings.first_token or 0.0, PALETTE[1]),
        ("writing", timings.writing, PALETTE[2]),
        ("matching sentences to passages", timings.citing, PALETTE[4]),
    )
    return tuple(Share(name, seconds, colour, format_seconds(seconds)) for name, seconds, colour in amounts)


def format_seconds(seconds: float) -> str:
    """A duration as people write it: "40 ms", "1.2 s", "2 min 5 s"."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def prompt_numbers(answer: Answer) -> dict[Chunk, int]:
    """The number in the prompt, from 1, of each chunk that the model was shown."""
    return {hit.chunk: number for number, hit in enumerate(answer.prompt.hits, start=1)}


def all_hits(answer: Answer) -> tuple[Hit, ...]:
    """The retrieved hits in their order, then hits that only the prompt has.

    A hit that the model was shown is returned as it was shown: with its excerpt, if it has one.
    """
    shown = {hit.chunk: hit for hit in answer.prompt.hits}
    found = {hit.chunk for hit in answer.hits}
    return (
        *(shown.get(hit.chunk, hit) for hit in answer.hits),
        *(hit for chunk, hit in shown.items() if chunk not in found),
    )


def prompt_position(answer: Answer, hit: Hit) -> str:
    """A hit's number in the prompt as "[1]", or why it has none.

    Either it did not fit, its similarity is below the minimum, or a model that is shown only sentences got none of its.
    """
    if number := prompt_numbers(answer).get(hit.chunk):
        return f"[{number}]"
    if any(one.chunk == hit.chunk for one in answer.prompt.left_out):
        return "did not fit"
    if hit.score < answer.settings.minimum and not hit.label:
        return "below the minimum"
    return "no sentence chosen" if has_excerpts(answer) else "not shown"


def has_excerpts(answer: Answer) -> bool:
    """Whether the model was shown only sentences of the passages, as the built-in model is."""
    return any(hit.excerpt for hit in answer.prompt.hits)


def excerpt_sentence(answer: Answer) -> str:
    """How a model that is shown only sentences got them; "" for models that are shown whole passages."""
    if not has_excerpts(answer):
        return ""
    n_shown, n_found = len(answer.prompt.hits), len(all_hits(answer))
    return (
        "This model is shown only the sentences most similar to the question, because whole passages confuse it: they "
        f"come from {n_shown} of the {_count(n_found, 'retrieved passage')}."
    )


def similarity(hit: Hit) -> float | None:
    """A hit's cosine similarity to the query; None if its score is BM25."""
    only_words = bool(hit.found_by) and all(one.retriever == "keyword" for one in hit.found_by)
    return None if only_words and hit.found_by[0].score == hit.score else hit.score


def finding(hit: Hit, retriever: str) -> Finding | None:
    """The rank and score that this retriever gave the hit; None if it did not find it."""
    return next((one for one in hit.found_by if one.retriever == retriever), None)


def found_by(hit: Hit) -> str:
    """What put a hit in its place, as sentences; empty for a hit of a search by meaning alone without a label.

    For example "Meaning gave 62% of its score, words 38%. Rank 2 by meaning, 1 by words (BM25 7.31), 1 by parts of
    words.". What a search adds to the sum may be negative, where a chunk is below the average; that counts as nothing.
    """
    first = f"First because it matches the label {hit.label}. " if hit.label else ""
    if not (first or hit.weighing or any(one.retriever != "dense" for one in hit.found_by)):
        return ""
    ranks = [
        f"{one.rank:,} by {RETRIEVER_NAMES.get(one.retriever, one.retriever)}"
        + (f" (BM25 {one.score:.2f})" if one.retriever == "keyword" else "")
        for one in hit.found_by
    ]
    said = f"Rank {', '.join(ranks)}." if ranks else ""
    meaning = sum(max(one.added, 0.0) for one in hit.found_by if one.retriever == "dense")
    total = sum(max(one.added, 0.0) for one in hit.found_by)
    if first or len(hit.found_by) < 2 or not total:
        return (first + said).strip()
    share = round(100 * meaning / total)
    return f"Meaning gave {share}% of its score, words {100 - share}%. {said}"


def retrievers(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Every retriever that found any of the hits: dense, then keyword, then others."""
    found = dict.fromkeys(one.retriever for hit in hits for one in hit.found_by)
    return tuple(sorted(found, key=lambda name: list(RETRIEVER_NAMES).index(name) if name in RETRIEVER_NAMES else 9))


def source(hit: Hit) -> str:
    """A hit's document, page and heading: "handbook.md, page 3 · Travel > Hotels"."""
    return hit.document_name + place_of(hit.chunk)


def place_of(chunk: Chunk) -> str:
    """Page and heading, if the document has them: ", page 3 · Travel > Hotels"."""
    page = f", page {chunk.page}" if chunk.page else ""
    return page + (f" · {chunk.heading}" if chunk.heading else "")


def was_searched(answer: Answer) -> bool:
    """Whether a search was made: not for an answer without documents, nor if the question could not be asked."""
    return bool(answer.hits) or answer.timings.retrieval > 0


def query_sentence(answer: Answer) -> str:
    """Whether the search used the question as it was asked."""
    if not was_searched(answer):
        return _NOT_SEARCHED
    if answer.query == answer.question:
        return "The search used the question as it was asked."
    return "The search used another text: the question rewritten to be complete in itself, or a query typed by hand."


def found_sentence(answer: Answer) -> str:
    """How many passages were retrieved, and what their similarities mean."""
    if n := len(all_hits(answer)):
        return f"{_count(n, 'passage')}. Cosine similarity: 1 = same meaning as the question, about 0 = unrelated."
    return "No passage was found." if was_searched(answer) else _NOT_SEARCHED


def window_sentence(prompt: Prompt) -> str:
    """How much of the context window the prompt takes, and whether its tokens are counted exactly or estimated."""
    if not prompt.messages:
        return "No model was called, so no prompt was sent."
    how = "counted exactly" if prompt.is_exact else "estimated"
    return f"The prompt takes {prompt.n_tokens:,} of the context window's {prompt.context_window:,} tokens ({how})."


def left_out_sentences(prompt: Prompt, budget: int = 0) -> tuple[str, ...]:
    """What did not fit into the prompt; empty if everything fitted.

    Args:
        budget: the tokens that passages may take; 0 for as many as fit into the context window.
    """
    n_hits, n_exchanges = len(prompt.left_out), prompt.history_left_out
    sentences = []
    if n_hits:
        room = f"the {budget:,} tokens allowed for passages" if budget else "the prompt"
        sentences.append(f"{_count(n_hits, 'passage')} did not fit into {room}.")
    if n_exchanges:
        sentences.append(f"{_count(n_exchanges, 'earlier exchange')} did not fit into the prompt.")
    return tuple(sentences)


def reading_sentence(answer: Answer) -> str:
    """The number of prompt tokens that the server reported, and the number counted before; "" without a report."""
    read, counted = answer.usage.prompt_tokens, answer.prompt.n_tokens
    if read is None:
        return ""
    if answer.usage.was_cut:
        return (
            f"The server read only {read:,} of the {counted:,} tokens sent: it cut the prompt, so the model did not "
            "see all of it. Raise the context window, or use fewer passages."
        )
    return f"The server reported {read:,} prompt tokens; {counted:,} were counted before."


def tokens_per_second(answer: Answer) -> float | None:
    """The model's writing speed, by the server's time if it reports one, else by ours; None if it is unknown."""
    seconds = answer.usage.answer_seconds or answer.timings.writing
    return answer.usage.answer_tokens / seconds if answer.usage.answer_tokens and seconds else None


def ending_sentence(answer: Answer) -> str:
    """How the answer ended, or why no model was called."""
    if not answer.prompt.messages:
        return answer.problem or "No model was called."
    return answer.problem or _ENDINGS[answer.usage.ending].format(limit=answer.prompt.max_answer_tokens)


def verdict_sentences(answer: Answer) -> tuple[str, ...]:
    """Which sentences no passage supports, which say something else, and which could not be checked; counted from 1."""
    unsupported = [i for i, one in enumerate(answer.supports, start=1) if one.verdict == "unsupported"]
    unchecked = [i for i, one in enumerate(answer.supports, start=1) if one.verdict == "unchecked"]
    sentences = []
    if unsupported:
        sentences.append(f"No passage supports {name_sentences(unsupported)}.")
    for i in unsupported:
        if missing := answer.supports[i - 1].missing:
            sentences.append(f"Sentence {i} states {', '.join(missing)}, which the nearest passage does not contain.")
    for i, one in enumerate(answer.supports, start=1):
        if one.verdict == "altered":
            sentences.append(f"Sentence {i} may say something else than passage {one.number}. {doubt_sentence(one)}")
    if unchecked:
        verb = "states" if len(unchecked) == 1 else "state"
        sentences.append(f"{name_sentences(unchecked).capitalize()} {verb} nothing that could be checked.")
    return tuple(sentences)


def doubt_sentence(support: Support) -> str:
    """What an altered sentence says otherwise than its passage, in sentences; "" for the other verdicts."""
    return " ".join(_contradiction_sentence(one) for one in support.contradictions)


def _contradiction_sentence(one: Contradiction) -> str:
    if one.kind == "order":
        return f"The passage has '{one.stated}' and '{one.found}' in each other's place."
    if not one.found:
        return f"The sentence says '{one.stated}', which the passage does not."
    if not one.stated:
        return f"The passage says '{one.found}', which the sentence does not."
    return f"The sentence says '{one.stated}', the passage '{one.found}'."


def dependence_sentence(dependence: Dependence) -> str:
    """Which sentences change without this passage (leave-one-out); sentences count from 1."""
    if not dependence.changed:
        return f"Without passage {dependence.number}, no sentence changes."
    changed = [position + 1 for position in dependence.changed]
    verb = "changes" if len(changed) == 1 else "change"
    return f"Without passage {dependence.number}, {name_sentences(changed)} {verb}."


def name_sentences(numbers: Sequence[int]) -> str:
    """ "sentence 2", or "sentences 1, 2 and 4"."""
    if len(numbers) == 1:
        return f"sentence {numbers[0]}"
    return f"sentences {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
