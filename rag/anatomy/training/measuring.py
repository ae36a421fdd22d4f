"""Measuring the encoder on the held-back pairs, next to word counts on the same pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.anatomy.training.encoder import Encoder
from rag.anatomy.training.pairs import HeldPair
from rag.anatomy.training.scores import Scores, retrieval_scores, together, word_count_similarities
from rag.anatomy.training.vocabulary import Words

if TYPE_CHECKING:
    import torch

    from rag.types import FloatArray


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores on the held-back pairs.

    Attributes:
        whole: each half as it is.
        apart: without the words that the two halves share. Word counts can only guess there, so what is found is
            found by words that are used alike. Pairs with fewer than three words left in a half are left out.
    """

    whole: Scores
    apart: Scores


class Measuring:
    """Measures an encoder whenever it is asked to, each time on the same held-back pairs.

    Attributes:
        word_counts: the scores of word counts.

    Args:
        encoder: is measured, as it is at each call of `measure`.
        held: the held-back pairs.
        texts: the words of all usable passages, which word counts take their inverse document frequencies from.
    """

    def __init__(self, encoder: Encoder, held: Sequence[HeldPair], texts: Sequence[Words]) -> None:
        apart = [pair for pair in held if pair.is_apart]
        kinds = (
            ([pair.first for pair in held], [pair.second for pair in held]),
            ([pair.first_apart for pair in apart], [pair.second_apart for pair in apart]),
        )
        self._encoder = encoder
        self._halves = [(encoder.count(firsts), encoder.count(seconds)) for firsts, seconds in kinds]
        self._counted = [word_count_similarities(texts, *halves) for halves in kinds]
        self.word_counts = _measured(self._counted)

    def measure(self) -> tuple[Measured, Measured]:
        """The scores of the encoder, and those of the encoder and word counts together."""
        learned = [self._cosines(*halves) for halves in self._halves]
        both = [together(one, other) for one, other in zip(learned, self._counted, strict=True)]
        return _measured(learned), _measured(both)

    def _cosines(self, firsts: torch.Tensor, seconds: torch.Tensor) -> FloatArray:
        """Cosines float32 (n, n), firsts by seconds."""
        import torch

        with torch.no_grad():
            cosines: FloatArray = (self._encoder.embed(firsts) @ self._encoder.embed(seconds).T).numpy()
        return cosines


def _measured(similarities: Sequence[FloatArray]) -> Measured:
    whole, apart = similarities
    return Measured(retrieval_scores(whole), retrieval_scores(apart))
