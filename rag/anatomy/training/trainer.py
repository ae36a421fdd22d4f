"""Contrastive training, step by step: snapshots, and a training that can be stopped and continued."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.anatomy.training.draws import FEWEST_KNOWN, Draws
from rag.anatomy.training.encoder import Encoder, contrastive_loss
from rag.anatomy.training.measuring import Measured, Measuring
from rag.anatomy.training.pairs import FEWEST_PASSAGES, TooFewPassages, make_pairs
from rag.anatomy.training.picture import picture
from rag.anatomy.training.settings import Settings
from rag.anatomy.training.shown_words import words_to_show
from rag.anatomy.training.vocabulary import build_vocabulary
from rag.runtime.background import Report
from rag.runtime.cpu import threads_for

if TYPE_CHECKING:
    import torch

    from rag.types import FloatArray

MOST_SHOWN = 400
"""Passages in a picture; of more, an evenly spaced sample is shown."""
SHOWN_WORDS = 40
_ONE_THREAD = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The encoder after `step` steps.

    Attributes:
        loss: mean loss of the steps since the snapshot before; None before the first step.
        measured: scores of the encoder on the held-back pairs.
        with_word_counts: scores of the encoder and word counts together.
        vectors: unit vectors of the shown passages, float32 (n, dimension).
        word_vectors: unit vectors of the shown words, float32 (m, dimension).
        xy: picture of the passages, float32 (n, 2): see `picture`.
        word_xy: the words in the same picture, float32 (m, 2).
    """

    step: int
    loss: float | None
    measured: Measured
    with_word_counts: Measured
    vectors: FloatArray
    word_vectors: FloatArray
    xy: FloatArray
    word_xy: FloatArray


class Training:
    """A training that can be stopped and continued: two calls of `advance` end exactly where one of both lengths ends.

    All of torch's work runs on one thread, so that the numbers do not depend on the number of cores. Not for use by
    several threads at once.

    Attributes:
        settings: as given.
        pairs: which passages are trained on and held back.
        vocabulary: the words with a row in the token table, of all usable passages.
        encoder: as it is now.
        step: steps taken.
        shown: places of the passages in the pictures, at most 400, ascending.
        shown_words: rows in the vocabulary of the words in the pictures, at most 40: see `words_to_show`.
        loss_of_chance: the loss of an encoder that knows nothing, log of the batch's pairs.
    """

    def __init__(self, passages: Sequence[str], settings: Settings) -> None:
        """Prepare a training on `passages`: at most 1,000 of them are used.

        Raises:
            TooFewPassages: fewer than 20 passages can be halved, or fewer than ten of those trained on share words.
        """
        self.settings = settings
        self.pairs = make_pairs(passages, settings.seed)
        words = self.pairs.words
        self.vocabulary = build_vocabulary([passages[place] for place in words], list(words.values()))
        known = [self.vocabulary.rows(words[place]) for place in self.pairs.trained]
        known = [rows for rows in known if len(rows) >= FEWEST_KNOWN]
        _check_shared_words(len(known))
        self.step = 0
        self.shown = tuple(words)[:: math.ceil(len(words) / MOST_SHOWN)]
        self.shown_words = words_to_show(self.vocabulary, list(words.values()), SHOWN_WORDS)
        self.encoder = Encoder(self.vocabulary, settings.dimension, settings.seed)
        self.loss_of_chance = math.log(min(settings.batch_size, len(known)))
        self._draws = Draws(known, len(self.vocabulary.stems), settings.seed)
        self._measuring = Measuring(self.encoder, self.pairs.held, list(words.values()))
        self._shown_counts = self.encoder.count([words[place] for place in self.shown])
        self._losses: list[float] = []
        self._earlier: FloatArray | None = None
        self._optimizer = _adam(self.encoder, settings.learning_rate)

    @property
    def word_counts(self) -> Measured:
        """The scores of word counts (TF-IDF) on the same held-back pairs: the baseline."""
        return self._measuring.word_counts

    def advance(self, report: Report, steps: int | None = None) -> Iterator[Snapshot]:
        """Train `steps` more steps, by default those of the settings; yields a snapshot before the first step of all,
        and then after every `snapshot_every` steps.

        If `report` raises Stopped, the steps taken so far stay, and a later call continues.

        Args:
            report: given the share of this call's steps that are done, in [0, 1], after each snapshot.

        Raises:
            ValueError: `steps` is not a multiple of `snapshot_every`.
        """
        n_steps = self.settings.steps if steps is None else steps
        if n_steps % self.settings.snapshot_every:
            raise ValueError(f"steps must be a multiple of {self.settings.snapshot_every}, got {n_steps}.")
        if self._earlier is None:
            yield self._snapshot()
        for done in range(1, n_steps + 1):
            with threads_for(_ONE_THREAD):
                self._take_step()
            if self.step % self.settings.snapshot_every == 0:
                yield self._snapshot()
                report(done / n_steps)

    def _take_step(self) -> None:
        import torch

        firsts, seconds = (torch.from_numpy(counts) for counts in self._draws.draw(self.settings.batch_size))
        loss = contrastive_loss(self.encoder.embed(firsts), self.encoder.embed(seconds), self.settings.temperature)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self.step += 1
        self._losses.append(loss.item())

    def _snapshot(self) -> Snapshot:
        import numpy as np

        with threads_for(_ONE_THREAD):
            measured, with_word_counts = self._measuring.measure()
            vectors = self.encoder.encode_counts(self._shown_counts)
            words = self.encoder.word_vectors()[list(self.shown_words)]
        self._earlier = picture(np.concatenate([vectors, words]), self._earlier)
        xy, word_xy = np.split(self._earlier, [len(vectors)])
        loss = sum(self._losses) / len(self._losses) if self._losses else None
        self._losses = []
        return Snapshot(self.step, loss, measured, with_word_counts, vectors, words, xy, word_xy)


def _check_shared_words(n_passages: int) -> None:
    if n_passages < FEWEST_PASSAGES // 2:
        raise TooFewPassages(
            f"Training needs passages that share words, and here are {n_passages} of them outside the held-back ones. "
            "Add documents on the same subjects."
        )


def _adam(encoder: Encoder, learning_rate: float) -> torch.optim.Optimizer:
    import torch

    return torch.optim.Adam([encoder.table], lr=learning_rate)
