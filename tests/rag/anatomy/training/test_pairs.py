"""Positive pairs: halves of passages, a held-back part that is never trained on, and what is left out."""

from __future__ import annotations

import pytest

from bench.tiny_training import sample_passages
from rag.anatomy.training import pairs as pairs_module
from rag.anatomy.training.pairs import TooFewPassages, halve, make_pairs
from rag.anatomy.training.vocabulary import words_of

RUSSIAN = "Банк на берегу реки открыт с девяти утра до шести. Вечером рыбаки сидят у воды и ждут большую рыбу."
CHINESE = "银行早上九点开门,下午六点关门。河边的渔夫晚上坐在水边等大鱼。"


def test_a_passage_is_cut_at_the_sentence_end_nearest_to_its_middle():
    first = "One two three four five six seven eight nine."
    second = "Ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty."
    assert halve(f"{first} {second}") == (words_of(first), words_of(second))


def test_a_single_sentence_is_cut_at_its_middle_word():
    words = [f"w{chr(97 + i)}" for i in range(20)]
    assert halve(" ".join(words)) == (tuple(words[:10]), tuple(words[10:]))


def test_a_passage_with_a_short_sentence_is_cut_at_its_middle_word():
    first, second = halve("Stop. " + " ".join(f"w{chr(97 + i)}" for i in range(19))) or ((), ())
    assert (len(first), len(second)) == (10, 10)


@pytest.mark.parametrize("text", ["", "   ", "?!", "Only seven words are in this text.", "字"])
def test_short_passages_are_not_halved(text: str):
    assert halve(text) is None


@pytest.mark.parametrize(("text", "starts"), [(RUSSIAN, ("банк", "вечером")), (CHINESE, ("银行", "河边"))])
def test_other_scripts_are_cut_at_their_sentence(text: str, starts: tuple[str, str]):
    first, second = halve(text) or (("",), ("",))
    assert (first[0], second[0]) == starts


def test_each_usable_passage_is_either_trained_on_or_held_back():
    passages = sample_passages()
    pairs = make_pairs(passages, 3)
    held = {pair.passage for pair in pairs.held}
    assert not held & set(pairs.trained)
    assert sorted(held | set(pairs.trained)) == list(pairs.words)
    assert len(pairs.words) + pairs.n_short + pairs.n_repeated == len(passages)
    assert len(held) == round(0.3 * len(pairs.words))
    assert all(pairs.words[pair.passage] == (*pair.first, *pair.second) for pair in pairs.held)


def test_the_seed_decides_what_is_held_back():
    passages = sample_passages()
    assert make_pairs(passages, 1) == make_pairs(passages, 1)
    assert make_pairs(passages, 1).trained != make_pairs(passages, 2).trained


def test_halves_apart_share_no_word():
    for pair in make_pairs(sample_passages(), 0).held:
        assert not set(pair.first_apart) & set(pair.second_apart)
        assert set(pair.first_apart) <= set(pair.first)
        assert set(pair.second_apart) <= set(pair.second)


def test_empty_short_and_repeated_passages_are_left_out():
    passages = sample_passages()[:40]
    pairs = make_pairs([*passages, "", "too short", *passages[:5]], 0)
    assert (pairs.n_short, pairs.n_repeated, pairs.n_unsampled) == (2, 5, 0)
    assert len(pairs.words) == 40


def test_a_sample_of_a_large_collection_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pairs_module, "MOST_PASSAGES", 30)
    pairs = make_pairs(sample_passages()[:100], 0)
    assert (len(pairs.trained), len(pairs.held), pairs.n_unsampled) == (21, 9, 70)


@pytest.mark.parametrize("passages", [[], [""] * 30, ["short"] * 30, sample_passages()[:1] * 30])
def test_too_few_passages_are_refused(passages: list[str]):
    n_usable = len(set(passages) & set(sample_passages()[:1]))
    with pytest.raises(TooFewPassages, match=rf"at least 20 .* 16 words .* here are {n_usable}\. Add documents"):
        make_pairs(passages, 0)
