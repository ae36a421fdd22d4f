"""The built-in model's tokenizer as its library reads it, and the same vocabulary as a server reports it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rag import config
from rag.generation.builtin import BuiltinGenerator
from rag.servers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@cache
def smollm2_tokenizer() -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    BuiltinGenerator.load()  # makes the folder where it is not there yet
    (folder,) = (config.cache_dir() / "models").glob("smollm2-135m-instruct-*")
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


@cache
def smollm2_vocabulary() -> Vocabulary:
    """Byte pairs, with digits one by one, divided as GPT-2 does."""
    tokens = sorted(smollm2_tokenizer().get_vocab().items(), key=lambda item: item[1])
    return Vocabulary([token for token, _ in tokens], "gpt2", "smollm")
