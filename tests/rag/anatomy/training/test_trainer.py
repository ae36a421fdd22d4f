"""Training: the same numbers everywhere, continued as in one go, better than word counts where those can only guess."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from bench.tiny_training import sample_passages
from rag import config
from rag.anatomy.training.pairs import TooFewPassages
from rag.anatomy.training.scores import chance_scores
from rag.anatomy.training.settings import Settings
from rag.anatomy.training.trainer import Snapshot, Training
from rag.errors import ExplorerError
from rag.runtime.background import Stopped

SHORT = Settings(steps=20, dimension=16, snapshot_every=10)


def keep_on(share: float) -> None:
    """A report of a task that nobody stops."""


def digest(snapshots: list[Snapshot]) -> str:
    """Of all numbers in snapshots, bit for bit."""
    found = hashlib.sha256()
    for shot in snapshots:
        found.update(repr((shot.step, shot.loss, shot.measured, shot.with_word_counts)).encode())
        for array in (shot.vectors, shot.word_vectors, shot.xy, shot.word_xy):
            found.update(array.tobytes())
    return found.hexdigest()


def short_digest() -> str:
    """Of a short training on the sample; other processes call it."""
    return digest(list(Training(sample_passages(), SHORT).advance(keep_on)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_what_word_counts_do_not_see(seed: int):
    training = Training(sample_passages(), Settings(seed=seed))
    first, *_, last = training.advance(keep_on)
    chance, counted = chance_scores(training.word_counts.apart.n), training.word_counts
    assert counted.apart.accuracy_at_5 <= chance.accuracy_at_5
    assert last.measured.apart.accuracy_at_5 > 2.5 * chance.accuracy_at_5
    assert last.measured.apart.accuracy > 3 * chance.accuracy
    assert last.measured.whole.reciprocal_rank > 1.5 * first.measured.whole.reciprocal_rank
    assert last.with_word_counts.whole.reciprocal_rank > counted.whole.reciprocal_rank + 0.01
    assert last.with_word_counts.whole.accuracy >= counted.whole.accuracy
    assert last.loss is not None
    assert last.loss < training.loss_of_chance - 1


def test_passages_held_back_are_not_trained_on():
    passages = sample_passages()
    training = Training(passages, SHORT)
    only_held = set.difference(
        {word for pair in training.pairs.held for word in (*pair.first, *pair.second)},
        {word for place in training.pairs.trained for word in training.pairs.words[place]},
    )
    rows = training.vocabulary.rows(tuple(only_held))
    others = training.vocabulary.rows(training.pairs.words[training.pairs.trained[0]])
    before = training.encoder.table.detach().numpy().copy()
    list(training.advance(keep_on))
    after = training.encoder.table.detach().numpy()
    assert len(rows) > 0
    np.testing.assert_array_equal(after[rows], before[rows])
    assert (after[others] != before[others]).any()


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_gives_the_same_bytes(threads: str):
    code = "from tests.rag.anatomy.training.test_trainer import short_digest; print(short_digest())"
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=config.ROOT, env=environment, check=True)
    assert result.stdout.strip() == short_digest()


def test_continued_equals_straight():
    passages = sample_passages()
    straight = list(Training(passages, SHORT).advance(keep_on))
    training = Training(passages, SHORT)
    continued = [*training.advance(keep_on, 10), *training.advance(keep_on, 10)]
    assert [shot.step for shot in continued] == [0, 10, 20]
    assert digest(continued) == digest(straight)


def test_stopped_and_continued_equals_straight():
    passages = sample_passages()
    training = Training(passages, SHORT)
    seen = []

    def stop(share: float) -> None:
        seen.append(share)
        raise Stopped("Stopped.")

    kept = []
    with pytest.raises(Stopped):
        kept.extend(training.advance(stop))
    assert seen == [0.5]
    assert training.step == 10
    (last,) = training.advance(keep_on, 10)
    assert last.step == 20
    assert digest([last]) == digest(list(Training(passages, SHORT).advance(keep_on))[-1:])


def test_another_seed_gives_other_numbers():
    vectors = [next(iter(Training(sample_passages(), Settings(seed=seed)).advance(keep_on))).vectors for seed in (0, 1)]
    assert not np.array_equal(*vectors)


def test_shapes():
    training = Training(sample_passages(), SHORT)
    shots = list(training.advance(keep_on))
    n, m = len(training.shown), len(training.shown_words)
    assert (m, training.encoder.n_parameters) == (40, 16 * len(training.vocabulary.stems))
    for shot in shots:
        assert (shot.vectors.shape, shot.word_vectors.shape) == ((n, 16), (m, 16))
        assert (shot.xy.shape, shot.word_xy.shape) == ((n, 2), (m, 2))
        assert {array.dtype for array in (shot.vectors, shot.word_vectors, shot.xy, shot.word_xy)} == {np.dtype("f4")}
    assert shots[0].loss is None


def test_duplicates_and_empty_passages_change_nothing_that_is_measured():
    passages = sample_passages()[:60]
    training = Training([*passages, *passages, ""], SHORT)
    assert (training.pairs.n_repeated, training.pairs.n_short) == (60, 1)
    assert all(np.isfinite(shot.xy).all() for shot in training.advance(keep_on))


def test_russian_and_chinese_passages_are_trained_on():
    nouns = ["река", "банк", "рыба", "поле", "дом", "кот", "лес", "мост", "снег", "хлеб"]
    letters = "河水银行鱼田家猫林桥雪面包山海天地人口手足"
    random = np.random.default_rng(0)
    russian = [" ".join(random.choice(nouns, 10)) + ". " + " ".join(random.choice(nouns, 10)) for _ in range(15)]
    chinese = [
        "".join(random.choice(list(letters), 14)) + "。" + "".join(random.choice(list(letters), 14)) for _ in range(15)
    ]
    training = Training([*russian, *chinese], SHORT)
    assert len(training.pairs.words) == 30
    assert len(list(training.advance(keep_on))) == 3


def test_passages_that_share_no_words_are_refused():
    unique = [" ".join(f"w{chr(97 + i)}{chr(97 + j)}" for j in range(20)) for i in range(25)]
    with pytest.raises(TooFewPassages, match="share words"):
        Training(unique, SHORT)


def test_too_few_passages_are_a_users_error():
    with pytest.raises(ExplorerError, match="at least 20"):
        Training(sample_passages()[:19], SHORT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0.0), ("temperature", float("nan")), ("batch_size", 1), ("steps", 0), ("dimension", 1),
        ("dimension", 513), ("learning_rate", -0.1), ("snapshot_every", 0), ("seed", -1), ("steps", 7),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(name: str, value: float):
    with pytest.raises(ValueError, match=f"{name} must be"):
        Settings(**{name: value})


def test_steps_must_end_on_a_snapshot():
    with pytest.raises(ValueError, match="multiple of 10"):
        next(iter(Training(sample_passages(), SHORT).advance(keep_on, 7)))
