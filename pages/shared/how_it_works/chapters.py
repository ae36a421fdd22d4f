"""The ten chapters in their order: what each says, and what draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pages.shared.how_it_works import (
    answer,
    choosing,
    languages,
    layers,
    pooling,
    similarity,
    table,
    token_map,
    tokens,
    training,
)
from pages.shared.how_it_works.scene import Scene


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its name among the others, its headline, what it says in two sentences, and what draws it."""

    name: str
    headline: str
    saying: str
    show: Callable[[Scene], None]


CHAPTERS = (
    Chapter(
        "Tokens",
        "The text is cut into tokens",
        "A model reads neither letters nor words. It reads tokens: numbers from a fixed vocabulary.",
        tokens.show,
    ),
    Chapter(
        "Token table",
        "Each token becomes a vector",
        "The model looks up one row of a table for each token. Here a word has the same vector in every sentence.",
        table.show,
    ),
    Chapter(
        "Layers",
        "Layer by layer, context changes the vectors",
        "Each layer mixes into every vector what the other tokens say. A word with two meanings moves apart.",
        layers.show,
    ),
    Chapter(
        "Pooling",
        "All vectors become one embedding",
        "The vectors of all tokens are pooled into one. For a chunk this is done once, when its document is added, and "
        "the embedding is stored.",
        pooling.show,
    ),
    Chapter(
        "Similarity",
        "Two embeddings are compared",
        "The similarity of two texts is a sum over all pairs of their tokens. It sees what a text is about, and hardly "
        "a small \u201cnot\u201d.",
        similarity.show,
    ),
    Chapter(
        "Token map",
        "Every word in its context",
        "The vectors after the last layer, for words of your documents. Equal words stay near one another; a word seen "
        "alone shows its meanings apart.",
        token_map.show,
    ),
    Chapter(
        "Answer",
        "From neighbors to an answer",
        "The embedding finds passages; another model writes. It was not trained on your documents: all that it knows "
        "of them is in its prompt.",
        answer.show,
    ),
    Chapter(
        "Training",
        "How a model learns this",
        "A small model learns before your eyes: texts that belong together are pulled together, all others are pushed "
        "apart.",
        training.show,
    ),
    Chapter(
        "Languages",
        "Do translations meet?",
        "A model that learned from many languages places a sentence and its translation together. One that learned "
        "from English does not.",
        languages.show,
    ),
    Chapter(
        "Models",
        "Which embedding model?",
        "Published scores, what each model costs on this machine, and what smaller vectors lose on your documents.",
        choosing.show,
    ),
)
