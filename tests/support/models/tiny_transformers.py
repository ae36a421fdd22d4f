"""Tiny random embedding models with the poolings that the installed ones do not have: first token, last token."""

from __future__ import annotations

from pathlib import Path

from rag.embedding.embedder import SentenceTransformerEmbedder, load_embedder

_WORDS = [
    "the", "a", "bank", "river", "money", "raised", "its", "rates", "fished", "on", "of", "by", "boat", "loan", "dog",
]  # fmt: skip


def tiny_model(folder: Path, pooling: str) -> SentenceTransformerEmbedder:
    """A model saved in `folder` and loaded as a user's: BERT for "cls" and "mean", Qwen2 for "lasttoken"."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2Model

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = {word: number for number, word in enumerate([*special, *_WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", words["[CLS]"]), ("[SEP]", words["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    sizes = {
        "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
        "vocab_size": len(words), "max_position_embeddings": 64,
    }  # fmt: skip
    torch.manual_seed(0)
    if pooling == "lasttoken":
        model = Qwen2Model(Qwen2Config(**sizes, num_key_value_heads=4))
    else:
        model = BertModel(BertConfig(**sizes))
    model.save_pretrained(folder / "plain")
    fast.save_pretrained(folder / "plain")
    transformer = Transformer(str(folder / "plain"), max_seq_length=16)
    parts = [transformer, Pooling(transformer.get_embedding_dimension(), pooling_mode=pooling), Normalize()]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "model"))
    return load_embedder(str(folder / "model"))
