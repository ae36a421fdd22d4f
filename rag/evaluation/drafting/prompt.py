"""The prompt that asks for one question about a chunk, which stands between fences and is declared to be data.

Measured on the sample with two small models. Told what to do, as larger models are, a base model of 270 million
parameters wrote no question about 20 chunks, and the built-in model none that made sense. After examples whose
questions use other words than their texts, the base model copied an example for 8 of 20 chunks; after the examples
below, for 2. With the checks of `draft_question`, the base model gave 16 questions about 40 chunks and the built-in
model 20 about 24; 4 of each made sense and are answered by the chunk. Such models need examples, and people who reject
most of what they write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.control_tokens import inert
from rag.answering.prompt_template import declaration, fence_around
from rag.errors import PromptError
from rag.generation.types import Generator, Prompt, PromptParts
from rag.servers.types import Message
from rag.text.language import detect_language, language_name
from rag.text.sentences import split_sentences
from rag.types import Chunk

_TASK = (
    "You write questions for a test of a search engine. Write one question that the passage in the user's message "
    "answers. The person who asks has never seen the passage: the question names what it is about, does not mention "
    "a passage or text, and uses other words than the passage where it can."
)
_FORM = "Write only the question, in {language}, in one line that ends with a question mark."
_OTHER = "Ask about something else than these earlier questions: {questions}"
_SMALL_TASK = "Each text is followed by a question that it answers."
_CUE = "Question:"
_SENTENCES = 2
"""How much of a chunk a small model reads: of more, it writes about nothing in particular."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and a question that it answers, for models that imitate rather than follow instructions."""

    text: str
    question: str


EXAMPLES = (
    Example(
        "Small boats may tie up at the north quay without charge until sunset; after that, it costs 14 crowns a night.",
        "What does it cost to leave a boat at the north quay overnight?",
    ),
    Example(
        "If the sourdough starter smells of vinegar, it is hungry: give it more flour and less water.",
        "Why does a sourdough starter smell of vinegar?",
    ),
    Example(
        "The Kessler clock of 1762 shows the tides of three ports. Its maker, a lens grinder, never built another one.",
        "Which profession did the builder of the Kessler clock have?",
    ),
    Example(
        "Glass from the lab goes into the blue bin, never into household waste.",
        "Where do I throw away broken glass from the lab?",
    ),
    Example(
        "The rods of the Tern bridge were replaced in 1931 because salt water had eaten them.",
        "When were the rods of the Tern bridge replaced?",
    ),
)


def drafting_prompt(chunk: Chunk, document_name: str, generator: Generator, other_than: Sequence[str] = ()) -> Prompt:
    """The prompt in the model's style.

    A model of the style "chat" is told what to do, and in which language. Others read the first two sentences of the
    chunk after examples.

    Args:
        other_than: earlier questions about the chunk, of which none is wanted again; a small model reads the next two
            sentences instead for each of them.

    Raises:
        PromptError: the chunk does not fit into the model's context window.
    """
    make = _instructed if generator.style == "chat" else _imitating
    messages = make(chunk, document_name, generator, other_than)
    n_tokens = generator.count_tokens(messages)
    if n_tokens > (room := generator.context_window - generator.max_answer_tokens):
        raise PromptError(
            f"A chunk of '{document_name}' takes {n_tokens:,} tokens with the instructions, but there is room for "
            f"{room:,}. Choose a model with a larger context window, or split the documents into smaller chunks."
        )
    return Prompt(
        messages=messages,
        hits=(),
        left_out=(),
        n_tokens=n_tokens,
        context_window=generator.context_window,
        max_answer_tokens=generator.max_answer_tokens,
        parts=PromptParts(0, 0, n_tokens, 0),
        is_exact=generator.counts_exactly,
    )


def _instructed(
    chunk: Chunk, document_name: str, generator: Generator, other_than: Sequence[str]
) -> tuple[Message, ...]:
    place = f"{document_name} > {chunk.heading}" if chunk.heading else document_name
    # The names of document and heading say what the passage is about.
    passage = inert(f"{' '.join(place.split())}\n{chunk.text}")
    fence = fence_around([passage])
    code = detect_language(chunk.text)
    form = _FORM.format(language=language_name(code) if code else "the language of the passage")
    if other_than:
        form = f"{_OTHER.format(questions=inert(' '.join(other_than)))}\n\n{form}"
    system = f"{_TASK} {declaration(generator.style, fence)}"
    return Message("system", system), Message("user", f"{fence}\n{passage}\n{fence}\n\n{form}")


def _imitating(
    chunk: Chunk, document_name: str, generator: Generator, other_than: Sequence[str]
) -> tuple[Message, ...]:
    text = inert(_part_of(chunk.text, len(other_than)))
    head = f"{_SMALL_TASK} {declaration('tiny', '')}"
    if generator.style == "plain":
        shown = [f"Text: {one.text}\n{_CUE} {one.question}" for one in EXAMPLES]
        return (Message("user", "\n\n".join([head, *shown, f"Text: {text}\n{_CUE}"])),)
    turns = ((Message("user", one.text), Message("assistant", one.question)) for one in EXAMPLES)
    return (Message("system", head), *(message for turn in turns for message in turn), Message("user", text))


def _part_of(text: str, number: int) -> str:
    """The two sentences at a place in a text, on one line; from the beginning again after the last. No headings."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#")) or text
    sentences = [" ".join(body[start:end].split()) for start, end in split_sentences(body)]
    parts = [" ".join(sentences[i : i + _SENTENCES]) for i in range(0, len(sentences), _SENTENCES)]
    return parts[number % len(parts)] if parts else " ".join(text.split())
