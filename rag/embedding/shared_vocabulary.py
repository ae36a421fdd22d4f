"""A second tokenizer with other settings that shares the vocabulary of the first in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def without_limits(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer without truncation and padding; the one that is given keeps its own.

    A copy of the vocabulary would take two seconds for the 250,000 pieces of a multilingual model.
    """
    from tokenizers import Tokenizer

    shared = Tokenizer(tokenizer.model)
    if tokenizer.normalizer is not None:
        shared.normalizer = tokenizer.normalizer
    if tokenizer.pre_tokenizer is not None:
        shared.pre_tokenizer = tokenizer.pre_tokenizer
    if tokenizer.decoder is not None:
        shared.decoder = tokenizer.decoder
    if tokenizer.post_processor is not None:
        shared.post_processor = tokenizer.post_processor
    for _, token in sorted(tokenizer.get_added_tokens_decoder().items()):
        add = shared.add_special_tokens if token.special else shared.add_tokens
        add([token])
    return shared
