"""The tokenizer of multilingual-e5-small, which is that of XLM-RoBERTa, for the `tokenizers` library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.embedding.e5_blocks import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer

_MASK = "<mask>"
_KEPT = {"\uff5e": "\ue000", "\U0001f23b": "\ue001"}
"""Characters that NFKC replaces but the model's normalizer keeps, and stand-ins (for private use) while NFKC runs."""


def e5_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """A unigram model over words that begin with "\u2581"; it puts `<s>` before and `</s>` after a text."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, unk_id=vocabulary.unknown, byte_fallback=False))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    begin, end = (vocabulary.pieces[token][0] for token in (vocabulary.begin, vocabulary.end))
    others = (vocabulary.pieces[token][0] for token in (vocabulary.padding, vocabulary.unknown))
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in (begin, end, *others, _MASK)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, vocabulary.begin), (end, vocabulary.end)],
    )
    return tokenizer


def _normalizer() -> Normalizer:
    """SentencePiece's "nmt_nfkc": control characters out, white space to spaces, then NFKC, with two exceptions.

    The weights' file lists what it makes of single characters (`Vocabulary.replaced`); this makes the same of each, and
    also composes a letter with its accents, as SentencePiece does.
    """
    from tokenizers.normalizers import NFKC, Nmt, Replace, Sequence

    hide = [Replace(character, stand_in) for character, stand_in in _KEPT.items()]
    show = [Replace(stand_in, character) for character, stand_in in _KEPT.items()]
    return Sequence([Nmt(), *hide, NFKC(), *show])
