"""Estimates of tokens: what is learned from which report, what stays on the safe side, and what a real server says."""

from __future__ import annotations

import json
import threading
from itertools import permutations

import pytest

from rag import config
from rag.answering.prompt import build_prompt
from rag.generation.generators import load_generator
from rag.generation.token_estimate import TokenEstimate, estimate_for, was_cut
from rag.generation.types import AnsweringOptions
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.servers.types import Message, Usage
from rag.servers.vocabulary import Vocabulary
from rag.store.collection import Collection
from tests.support.odd_texts import TEXTS
from tests.support.small_vocabulary import smollm2_tokenizer, smollm2_vocabulary

MODEL = "gemma3:270m"
ENGLISH, CHINESE = TEXTS["english"], TEXTS["chinese"]


@pytest.fixture(autouse=True)
def cache_dir(tmp_path, monkeypatch):
    """Nothing that other tests, or the person, have learned."""
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return smollm2_vocabulary()


@pytest.fixture(scope="module")
def tokenizer():
    return smollm2_tokenizer()


@pytest.fixture
def server_count(tokenizer):
    """How a server with ChatML's template would count: each message in its frame, and the beginning of an answer."""

    def count(messages) -> int:
        wire = [{"role": message.role, "content": message.content} for message in messages]
        return len(tokenizer.apply_chat_template(wire, add_generation_prompt=True)["input_ids"])

    return count


def user(text: str) -> tuple[Message, ...]:
    return Message("system", "Answer briefly."), Message("user", text)


@pytest.mark.parametrize("is_known", [True, False], ids=["vocabulary", "shapes"])
@pytest.mark.parametrize("kind", TEXTS)
def test_before_the_first_answer_no_text_is_counted_too_low(vocabulary, server_count, kind, is_known):
    estimate = TokenEstimate("host", "model", vocabulary if is_known else None)
    assert estimate.count(user(TEXTS[kind])) >= server_count(user(TEXTS[kind]))


@pytest.mark.parametrize("kind", TEXTS)
def test_a_known_vocabulary_is_within_five_per_cent_after_one_answer_in_any_language(vocabulary, server_count, kind):
    estimate = TokenEstimate("host", "model", vocabulary)
    estimate.learn(user(ENGLISH), server_count(user(ENGLISH)))
    long = user(TEXTS[kind] * 3)
    assert server_count(long) <= estimate.count(long) <= 1.05 * server_count(long)


def test_a_longer_conversation_is_counted_with_its_frames(vocabulary, server_count):
    estimate = TokenEstimate("host", "model", vocabulary)
    estimate.learn(user(ENGLISH), server_count(user(ENGLISH)))
    turns = (Message("user", ENGLISH), Message("assistant", CHINESE)) * 20
    true = server_count((*user("Hello"), *turns))
    assert true <= estimate.count((*user("Hello"), *turns)) <= 1.05 * true


def test_without_a_vocabulary_only_the_kind_that_was_seen_is_learned(server_count):
    estimate = TokenEstimate("host", "model")
    english, chinese = user(ENGLISH * 3), (Message("user", CHINESE),)
    before = estimate.count(chinese) - estimate.count(())
    estimate.learn(english, server_count(english))
    assert server_count(english) <= estimate.count(english) <= 1.06 * server_count(english)
    assert estimate.count(chinese) - estimate.count(()) == pytest.approx(before, abs=5)


def test_of_a_mixture_nothing_is_learned_without_a_vocabulary(server_count):
    estimate = TokenEstimate("host", "model")
    mixed = user(ENGLISH + CHINESE)
    before = estimate.count(mixed)
    estimate.learn(mixed, server_count(mixed))
    assert estimate.count(mixed) == before


@pytest.mark.parametrize("is_known", [True, False], ids=["vocabulary", "shapes"])
def test_one_answer_of_few_tokens_does_not_undo_what_others_taught(vocabulary, is_known):
    estimate = TokenEstimate("host", "model", vocabulary if is_known else None)
    counts = []
    usual = estimate.count(user(ENGLISH))
    for reported in (usual, round(0.85 * usual), usual):
        estimate.learn(user(ENGLISH), reported)
        counts.append(estimate.count(user(ENGLISH)))
    assert min(counts) >= usual


@pytest.mark.parametrize("is_known", [True, False], ids=["vocabulary", "shapes"])
def test_a_prompt_that_was_cut_is_noticed_and_not_learned_from(vocabulary, server_count, is_known):
    estimate = TokenEstimate("host", "model", vocabulary if is_known else None)
    long = user(ENGLISH * 20)
    true = server_count(long)
    estimate.learn(user(ENGLISH), server_count(user(ENGLISH)))
    before = estimate.count(long)
    assert not estimate.is_cut(long, true)
    assert estimate.is_cut(long, true // 2)
    estimate.learn(long, true // 2)
    assert estimate.count(long) == before


def test_a_count_that_is_nearly_right_is_no_cut():
    assert not was_cut(expected=1000, reported=960)
    assert was_cut(expected=1000, reported=512)


def test_what_was_learned_is_kept_for_the_model_and_the_host(vocabulary, server_count):
    TokenEstimate("host", "model", vocabulary).learn(user(ENGLISH), server_count(user(ENGLISH)) + 100)
    again, other_model, other_host = (
        TokenEstimate(host, model, vocabulary).count(user(ENGLISH))
        for host, model in [("host", "model"), ("host", "other"), ("elsewhere", "model")]
    )
    assert again >= server_count(user(ENGLISH)) + 100
    assert other_model == other_host < again


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\0" * 50, json.dumps({"host model": [{"kind": "latin"}]}).encode(), b"[1]"]
)
def test_a_damaged_file_is_ignored_and_written_again(cache_dir, vocabulary, content):
    cache_dir.mkdir()
    (cache_dir / "token-reports").write_bytes(content)
    estimate = TokenEstimate("host", "model", vocabulary)
    estimate.learn(user(ENGLISH), 200)
    assert TokenEstimate("host", "model", vocabulary).count(user(ENGLISH)) == estimate.count(user(ENGLISH)) >= 200


def test_threads_that_learn_at_once_lose_nothing(vocabulary):
    estimate = TokenEstimate("host", "model", vocabulary)
    reports = [300 + number for number in range(12)]
    threads = [threading.Thread(target=estimate.learn, args=(user(ENGLISH), reported)) for reported in reports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in (estimate, TokenEstimate("host", "model", vocabulary)):
        assert each.count(user(ENGLISH)) >= max(reports)


def test_models_that_learn_at_once_keep_one_another_s_reports(vocabulary):
    estimates = [TokenEstimate("host", str(number), vocabulary) for number in range(12)]
    threads = [threading.Thread(target=each.learn, args=(user(ENGLISH), 400)) for each in estimates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(TokenEstimate("host", str(number), vocabulary).count(user(ENGLISH)) >= 400 for number in range(12))


def test_a_model_whose_vocabulary_is_no_longer_told_is_counted_by_shapes(vocabulary):
    unseen = TokenEstimate("host", "other").count(user(ENGLISH))
    TokenEstimate("host", "model", vocabulary).learn((Message("user", ""),), 5)
    assert TokenEstimate("host", "model").count(user(ENGLISH)) == unseen


def test_there_is_one_estimate_for_a_model(vocabulary):
    asked = []

    def load() -> Vocabulary:
        asked.append(1)
        return vocabulary

    assert estimate_for("one host", "model", load) is estimate_for("one host", "model", load)
    assert len(asked) == 1


@pytest.fixture
def question_prompts(sample: Collection, embedder):
    """The first ten sample questions with one passage or two in turn, as a base model is sent them."""
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    lines = (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()[:10]
    return [
        build_prompt(
            question,
            retriever.retrieve(question, 1 + number % 2),
            context_window=4096,
            max_answer_tokens=1,
            count_tokens=TokenEstimate("nowhere", "none").count,
            style="plain",
        )
        for number, question in enumerate(json.loads(line)["question"] for line in lines)
    ]


@pytest.mark.slow
def test_a_real_server_counts_questions_as_the_second_answer_expects(ollama, question_prompts):
    """Every pair: learned from one alone, the other is within 5%, and not too low."""
    generator = load_generator(f"ollama:{MODEL}", AnsweringOptions(max_answer_tokens=1))
    true = {}
    for prompt in question_prompts:
        before = generator.count_tokens(prompt.messages)
        usage = list(generator.stream(prompt))[-1]
        assert isinstance(usage, Usage)
        assert usage.prompt_tokens is not None
        assert usage.prompt_tokens <= before
        assert not usage.was_cut
        true[prompt.messages] = usage.prompt_tokens
    vocabulary = ollama.answering_vocabulary(MODEL)
    for number, (seen, other) in enumerate(permutations(true, 2)):
        estimate = TokenEstimate("pair", str(number), vocabulary)
        estimate.learn(seen, true[seen])
        assert true[other] <= estimate.count(other) <= 1.05 * true[other]


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["chinese", "rare chinese", "russian", "hindi", "emoji", "symbols", "numbers", "brackets"]
)
def test_a_real_server_never_counts_more_than_is_expected_before(ollama, kind):
    asked = (Message("user", TEXTS[kind]),)
    usage = list(ollama.chat(MODEL, asked, num_ctx=4096, num_predict=1))[-1]
    for vocabulary in (ollama.answering_vocabulary(MODEL), None):
        assert TokenEstimate("before", kind, vocabulary).count(asked) >= usage.prompt_tokens > 20
