"""The same sentences in several languages: tokens they take, and whether a model places translations together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types import Embedder, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray


@dataclass(frozen=True, slots=True)
class LanguageCost:
    """How a tokenizer cuts one language: characters and tokens of the same sentences."""

    language: str
    n_characters: int
    n_tokens: int

    @property
    def characters_per_token(self) -> float:
        """Characters of a token on average; the fewer, the more tokens the same content takes."""
        return self.n_characters / max(self.n_tokens, 1)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where the translations of s sentences into l languages lie for one model.

    `vectors` float32 (l, s, d) are unit vectors. `found` is the share of translations in [0, 1] whose nearest English
    sentence is the one they translate; `similarity` float32 (l,) is each language's mean cosine similarity to English.
    """

    languages: tuple[str, ...]
    vectors: FloatArray
    found: float
    similarity: FloatArray


def language_costs(tokenizer: TextTokenizer, translations: Mapping[str, Sequence[str]]) -> list[LanguageCost]:
    """The cost of each language, the cheapest first. `translations` are the same sentences by language."""
    costs = [
        LanguageCost(language, sum(map(len, sentences)), sum(tokenizer.count(list(sentences))))
        for language, sentences in translations.items()
    ]
    return sorted(costs, key=lambda one: one.n_tokens)


def meet(embedder: Embedder, translations: Mapping[str, Sequence[str]], reference: str = "en") -> Meeting:
    """Embed the sentences of each language as documents, and compare them with those of the `reference` language."""
    import numpy as np

    languages = tuple(translations)
    vectors = np.stack([embedder.encode_documents(list(sentences)) for sentences in translations.values()])
    english = vectors[languages.index(reference)]
    others = [number for number, language in enumerate(languages) if language != reference]
    nearest = (vectors[others] @ english.T).argmax(axis=-1)
    found = float((nearest == np.arange(len(english))).mean())
    return Meeting(languages, vectors, found, (vectors * english).sum(axis=-1).mean(axis=-1).astype(np.float32))
