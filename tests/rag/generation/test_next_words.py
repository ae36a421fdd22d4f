"""Next-token probabilities without and with passages: those of a plain pass through transformers' model."""

from __future__ import annotations

import math
import threading

import pytest

from rag.answering.prompt import build_prompt
from rag.answering.prompt_template import without_context
from rag.errors import ModelError, PromptError
from rag.generation import builtin as builtin_module
from rag.generation.builtin import BuiltinGenerator
from rag.generation.next_words import distributions, next_words
from rag.servers.types import Message
from rag.types import Chunk, Hit

QUESTION = "How many days of paid leave do full-time staff have?"
PASSAGE = "Full-time staff have 29 days of paid leave a year."
PATIENCE = 60
"""Seconds after which a test gives up waiting."""


@pytest.fixture(scope="module")
def builtin() -> BuiltinGenerator:
    return BuiltinGenerator.load()


@pytest.fixture(scope="module")
def prompts(builtin) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """The app's prompts for the question, without and with the passage."""
    hit = Hit(Chunk("handbook", 0, len(PASSAGE), PASSAGE, 12), "handbook.md", 1.0, 1, ())
    limits = {"context_window": 2048, "max_answer_tokens": 96, "count_tokens": builtin.count_tokens}
    bare = build_prompt(QUESTION, [], style="tiny", template=without_context("tiny"), **limits)
    return bare.messages, build_prompt(QUESTION, [hit], style="tiny", **limits).messages


@pytest.fixture(scope="module")
def compared(prompts):
    return next_words(*prompts)


@pytest.fixture(scope="module")
def plain(builtin):
    """The same weights in a model of its own, in the same number format."""
    from transformers import AutoModelForCausalLM

    dtype = builtin.loaded.model.dtype
    return AutoModelForCausalLM.from_pretrained(builtin_module._folder(), dtype=dtype, local_files_only=True)


def ids_of(builtin, messages, answer=""):
    """Token numbers of a prompt, and of the answer after it."""
    wire = [{"role": message.role, "content": message.content} for message in messages]
    tokenizer = builtin.loaded.tokenizer
    prompt = tokenizer.apply_chat_template(wire, add_generation_prompt=True)["input_ids"]
    return prompt, tokenizer(answer, add_special_tokens=False)["input_ids"]


def test_the_passage_makes_its_number_likely(compared):
    assert compared.answer == PASSAGE
    assert [word.text for word in compared.words] == PASSAGE.split()
    (number,) = (word for word in compared.words if word.text == "29")
    assert number.without < 0.01
    assert number.with_passages > 0.5


@pytest.mark.parametrize("which", [0, 1])
def test_probabilities_are_those_of_a_plain_pass(which, compared, prompts, builtin, plain):
    import torch

    prompt, answer = ids_of(builtin, prompts[which], PASSAGE)
    with torch.no_grad():
        logits = plain(torch.tensor([prompt + answer])).logits[0]
    expected = torch.softmax(logits[len(prompt) - 1 : -1].float(), dim=-1)
    tokens = [token for word in compared.words for token in word.tokens]
    # A step between two bfloat16 logits changes a probability by up to 13%.
    tolerance = 1e-3 if plain.dtype == torch.float32 else 0.2
    assert len(tokens) == len(answer)
    for token, row, number in zip(tokens, expected, answer, strict=True):
        prediction = (token.without, token.with_passages)[which]
        assert prediction.probability == pytest.approx(float(row[number]), rel=tolerance)
        assert prediction.top[0].probability == pytest.approx(float(row.max()), rel=tolerance)


def test_each_distribution_sums_to_one(prompts, builtin):
    prompt, answer = ids_of(builtin, prompts[1], PASSAGE)
    rows = distributions(builtin.loaded, prompt, answer)
    assert rows.shape == (len(answer), len(builtin.loaded.tokenizer))
    assert rows.sum(dim=1).tolist() == pytest.approx([1.0] * len(answer), abs=1e-4)


def test_the_model_writes_its_most_likely_tokens(compared, builtin, prompts):
    tokens = [token for word in compared.words for token in word.tokens]
    assert {token.with_passages.rank for token in tokens} == {1}
    for token in tokens:
        assert token.with_passages.top[0].text == token.text
        assert token.with_passages.top[0].probability == token.with_passages.probability
    assert max(token.without.rank for token in tokens) > 1


def test_candidates_are_the_most_likely_in_order(compared):
    for word in compared.words:
        for token in word.tokens:
            for prediction in (token.without, token.with_passages):
                values = [candidate.probability for candidate in prediction.top]
                assert len(values) == 10
                assert values == sorted(values, reverse=True)
                assert sum(value > prediction.probability for value in values) == min(prediction.rank - 1, 10)


def test_words_are_the_products_of_their_tokens(compared):
    for word in compared.words:
        assert "".join(token.text for token in word.tokens).strip() == word.text
        assert word.without == math.prod(token.without.probability for token in word.tokens)
        assert word.with_passages == math.prod(token.with_passages.probability for token in word.tokens)
    # Each digit is a token, and so is the space before a number.
    (number,) = (word for word in compared.words if word.text == "29")
    assert [token.text for token in number.tokens] == [" ", "2", "9"]


def test_a_given_answer_is_compared_as_it_is(prompts):
    wrong = next_words(*prompts, answer=" Übung: 120 days <|im_end|>\n", top=2)
    assert wrong.answer == "Übung: 120 days <|im_end|>"
    assert [word.text for word in wrong.words] == wrong.answer.split()
    assert wrong.words[1].text == "120"
    assert wrong.words[1].without > wrong.words[1].with_passages
    # Control tokens are read as plain text; one token would end the turn.
    assert len(wrong.words[-1].tokens) > 1
    assert len(wrong.words[0].tokens[0].without.top) == 2


def test_a_model_that_writes_nothing_has_no_words(prompts, monkeypatch):
    monkeypatch.setattr("rag.generation.next_words._written", lambda loaded, prompt, limit: [])
    assert next_words(*prompts).words == ()


def test_what_does_not_fit_is_refused(prompts):
    with pytest.raises(PromptError, match=r"take [\d,]+ tokens, and the built-in model's context window has 2,048"):
        next_words(*prompts, answer="owl " * 2048)
    with pytest.raises(PromptError, match="context window"):
        next_words(prompts[0], [Message("user", "owl " * 2000)])
    with pytest.raises(ValueError, match="top must be 1 or more"):
        next_words(*prompts, top=0)


def test_one_at_a_time_with_answers(builtin, prompts):
    results = []
    waiting = threading.Thread(target=lambda: results.append(next_words(*prompts, answer="29", top=1)))
    with builtin.loaded.busy:
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        assert results == []
    waiting.join(PATIENCE)
    assert [word.text for word in results[0].words] == ["29"]


def test_without_the_wheel_it_says_what_to_install(prompts, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(builtin_module, "find_wheel", lambda wheel: None)
    monkeypatch.setattr(builtin_module, "_load", builtin_module._load.__wrapped__)
    with pytest.raises(ModelError, match=r"The built-in answering model is not installed\. Run: pip install"):
        next_words(*prompts)
