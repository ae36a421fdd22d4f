"""What an answer's record says in figures and sentences, the same on a page and in a saved story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.types import Answer, Dependence, Timings
from rag.generation.types import Prompt
from rag.map.colours import PALETTE
from rag.types import Chunk, Finding, Hit

RETRIEVER_NAMES = {"dense": "meaning", "keyword": "words"}
"""How a retriever is called where people read its scores."""
MAP_SENTENCE = (
    "Near means similar. The star is the question; joined to it are the passages that were found, with the numbers "
    "that the model saw them under."
)
"""What is to be seen on an answer's map."""
_FREE = "rgba(154,163,171,.3)"
_ANSWER_ROOM = "rgba(154,163,171,.8)"
_NOT_SEARCHED = "No passages were looked for."
_ENDINGS = {
    "finished": "The model said that it was done.",
    "length": "The model was cut off at its limit of {limit:,} tokens.",
    "stopped": "Someone stopped it; what it had written is kept.",
    "broken": "It broke off; what it had written is kept.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A named piece of a whole, in the unit of the whole, with the colour (as in CSS) that it is drawn in."""

    name: str
    amount: float
    colour: str


def window_parts(prompt: Prompt) -> tuple[Part, ...]:
    """What the context window holds, in tokens; together it is the window, or the prompt and its answer if larger."""
    parts, free = prompt.parts, prompt.context_window - prompt.n_tokens - prompt.max_answer_tokens
    return (
        Part("rules for the model", parts.system, PALETTE[3]),
        Part("earlier exchanges", parts.history, PALETTE[1]),
        Part("passages", parts.context, PALETTE[0]),
        Part("question", parts.question, PALETTE[5]),
        Part("room for the answer", prompt.max_answer_tokens, _ANSWER_ROOM),
        Part("unused", max(free, 0), _FREE),
    )


def time_parts(timings: Timings) -> tuple[Part, ...]:
    """Where the seconds from the question to the cited answer went."""
    return (
        Part("rewriting the question", timings.rewriting, PALETTE[3]),
        Part("finding passages", timings.retrieval, PALETTE[0]),
        Part("waiting for the first token", timings.first_token or 0.0, PALETTE[1]),
        Part("writing", timings.writing, PALETTE[2]),
        Part("matching sentences to passages", timings.citing, PALETTE[4]),
    )


def seconds_said(seconds: float) -> str:
    """A short time as people say it: "40 ms", "1.2 s", "2 min 5 s"."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def prompt_numbers(answer: Answer) -> dict[Chunk, int]:
    """The number in the prompt, from 1, of each chunk that the model was shown."""
    return {hit.chunk: number for number, hit in enumerate(answer.prompt.hits, start=1)}


def all_hits(answer: Answer) -> tuple[Hit, ...]:
    """The hits that were found, as the model was shown them where it was, then what it was shown beside them."""
    shown = {hit.chunk: hit for hit in answer.prompt.hits}
    found = {hit.chunk for hit in answer.hits}
    return (
        *(shown.get(hit.chunk, hit) for hit in answer.hits),
        *(hit for chunk, hit in shown.items() if chunk not in found),
    )


def fate(answer: Answer, hit: Hit) -> str:
    """What became of a hit: its number in the prompt as "[1]", or why the model did not see it."""
    if number := prompt_numbers(answer).get(hit.chunk):
        return f"[{number}]"
    did_not_fit = any(one.chunk == hit.chunk for one in answer.prompt.left_out)
    return "did not fit" if did_not_fit else "not shown"


def similarity(hit: Hit) -> float | None:
    """A hit's cosine similarity to the query; None where only words were compared, whose scores are no cosines."""
    only_words = bool(hit.found_by) and all(one.retriever == "keyword" for one in hit.found_by)
    return None if only_words and hit.found_by[0].score == hit.score else hit.score


def finding(hit: Hit, retriever: str) -> Finding | None:
    """What this retriever said of the hit; None where it did not find it."""
    return next((one for one in hit.found_by if one.retriever == retriever), None)


def retrievers(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Everything that found one of the hits, meaning before words."""
    found = dict.fromkeys(one.retriever for hit in hits for one in hit.found_by)
    return tuple(sorted(found, key=lambda name: list(RETRIEVER_NAMES).index(name) if name in RETRIEVER_NAMES else 9))


def source(hit: Hit) -> str:
    """A hit's document, page and heading: "handbook.md, page 3 · Travel > Hotels"."""
    return hit.document_name + place_of(hit.chunk)


def place_of(chunk: Chunk) -> str:
    """Page and heading, where the document has them: ", page 3 · Travel > Hotels"."""
    page = f", page {chunk.page}" if chunk.page else ""
    return page + (f" · {chunk.heading}" if chunk.heading else "")


def was_searched(answer: Answer) -> bool:
    """Whether passages were looked for: not where it was asked without documents, or could not be asked at all."""
    return bool(answer.hits) or answer.timings.retrieval > 0


def query_sentence(answer: Answer) -> str:
    """Whether the question was searched for as it was asked."""
    if not was_searched(answer):
        return _NOT_SEARCHED
    if answer.query == answer.question:
        return "The question was searched for as it was asked."
    return "Other words than the question's were searched for: as it was rewritten to stand alone, or as someone typed."


def found_sentence(answer: Answer) -> str:
    """How many passages there are, and what their scores mean."""
    if n := len(all_hits(answer)):
        return f"{_count(n, 'passage')}; a similarity of 1 would mean the same as the question."
    return "No passage was found." if was_searched(answer) else _NOT_SEARCHED


def window_sentence(prompt: Prompt) -> str:
    """How much of the context window the prompt takes, and how that is known."""
    if not prompt.messages:
        return "No model was asked, so nothing was sent."
    how = "counted exactly" if prompt.is_exact else "estimated"
    return f"The prompt takes {prompt.n_tokens:,} of {prompt.context_window:,} tokens ({how})."


def left_out_sentences(prompt: Prompt) -> tuple[str, ...]:
    """What had no room in the prompt; empty where all had."""
    n_hits, n_exchanges = len(prompt.left_out), prompt.history_left_out
    said = []
    if n_hits:
        said.append(f"{_count(n_hits, 'passage')} did not fit in.")
    if n_exchanges:
        said.append(f"{_count(n_exchanges, 'earlier exchange')} had no room.")
    return tuple(said)


def reading_sentence(answer: Answer) -> str:
    """What the model said that it read, against what was counted; empty where it said nothing."""
    read, counted = answer.usage.prompt_tokens, answer.prompt.n_tokens
    if read is None:
        return ""
    if answer.usage.was_cut:
        return (
            f"The server read {read:,} tokens where {counted:,} were sent: it cut the prompt, so the model did not "
            "see all of it. Raise the context window, or give it fewer passages."
        )
    return f"The model reported {read:,} tokens read; counted before were {counted:,}."


def tokens_per_second(answer: Answer) -> float | None:
    """How fast the model wrote, by its own clock where it has one; None where that is not known."""
    seconds = answer.usage.answer_seconds or answer.timings.writing
    return answer.usage.answer_tokens / seconds if answer.usage.answer_tokens and seconds else None


def ending_sentence(answer: Answer) -> str:
    """How the answer ended, or why there is none."""
    if not answer.prompt.messages:
        return answer.problem or "No model was asked."
    return answer.problem or _ENDINGS[answer.usage.ending].format(limit=answer.prompt.max_answer_tokens)


def verdict_sentences(answer: Answer) -> tuple[str, ...]:
    """What to know of the sentences that no passage supports; sentences count from 1."""
    unsupported = [i for i, one in enumerate(answer.supports, start=1) if one.verdict == "unsupported"]
    unchecked = [i for i, one in enumerate(answer.supports, start=1) if one.verdict == "unchecked"]
    said = []
    if unsupported:
        said.append(f"No passage supports {sentences_said(unsupported)}.")
    for i in unsupported:
        if missing := answer.supports[i - 1].missing:
            said.append(f"Sentence {i} states {', '.join(missing)}, which the nearest passage does not hold.")
    if unchecked:
        verb = "states" if len(unchecked) == 1 else "state"
        said.append(f"{sentences_said(unchecked).capitalize()} {verb} nothing that could be checked.")
    return tuple(said)


def dependence_sentence(dependence: Dependence) -> str:
    """What became of the answer without a passage; sentences count from 1."""
    if not dependence.changed:
        return f"Without passage {dependence.number}, every sentence stays."
    changed = [position + 1 for position in dependence.changed]
    verb = "changes" if len(changed) == 1 else "change"
    return f"Without passage {dependence.number}, {sentences_said(changed)} {verb}."


def sentences_said(numbers: Sequence[int]) -> str:
    """ "sentence 2", or "sentences 1, 2 and 4"."""
    if len(numbers) == 1:
        return f"sentence {numbers[0]}"
    return f"sentences {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
