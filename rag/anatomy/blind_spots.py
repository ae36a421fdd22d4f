"""What embeddings hardly see: pairs of texts that differ in meaning and are similar for the model, measured on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types import Embedder

if TYPE_CHECKING:
    from rag.types import FloatArray


@dataclass(frozen=True, slots=True)
class Contrast:
    """A text, one that says something else in nearly the same words, and one that says the same in other words."""

    kind: str
    text: str
    other_meaning: str
    same_meaning: str


@dataclass(frozen=True, slots=True)
class MeasuredContrast:
    """The cosine similarity of the text to each of the two others."""

    contrast: Contrast
    to_other_meaning: float
    to_same_meaning: float

    @property
    def is_missed(self) -> bool:
        """Whether the text with the other meaning is at least as near as the one with the same."""
        return self.to_other_meaning >= self.to_same_meaning


def measure_contrasts(embedder: Embedder, contrasts: list[Contrast]) -> list[MeasuredContrast]:
    """Embed the three texts of each contrast as documents and compare them."""
    texts = [text for one in contrasts for text in (one.text, one.other_meaning, one.same_meaning)]
    vectors = embedder.encode_documents(texts)
    return [
        MeasuredContrast(one, *_similarities(vectors[3 * number : 3 * number + 3]))
        for number, one in enumerate(contrasts)
    ]


def _similarities(three: FloatArray) -> tuple[float, float]:
    return float(three[0] @ three[1]), float(three[0] @ three[2])
