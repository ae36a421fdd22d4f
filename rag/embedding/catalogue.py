"""Catalogue of well-known embedding models: size, licence, languages, prefixes and published retrieval scores.

Figures are in `catalogue.json`. Scores were computed from the benchmark's own result files; sizes, windows, licences
and languages are those of the package mteb 2.26.24, corrected where a model's settings cut texts earlier.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

CommercialUse = Literal["open", "own terms", "no"]
"""Whether a licence allows commercial use: "own terms" is a licence of the publisher, which has to be read."""

_FILE = Path(__file__).with_name("catalogue.json")
_OPEN = frozenset({"Apache-2.0", "MIT"})
_NON_COMMERCIAL = "-NC-"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An embedding model as published; None stands for what is not known.

    dimension: numbers of a vector. max_tokens: tokens of a text that it reads, with prefix and special tokens; None
    for no limit. parameters: all of them. computed_parameters: those multiplied for each token, i.e. without the table
    of token vectors, and only the active ones of a mixture of experts; 0 for a static model, which only looks vectors
    up. licence: its SPDX identifier, or "Gemma". languages: their number, 1 for English only; None for a multilingual
    model that gives no number. query_prefix, document_prefix: text that the model expects before a question or a
    passage; empty for none. mteb_v2, beir: retrieval scores from 0 to 100, see `About`. is_matryoshka: whether it was
    trained so that the first numbers of a vector can be used alone. runs_code: whether it needs program code from its
    repository, which this app does not run.
    """

    model_id: str
    dimension: int
    max_tokens: int | None
    parameters: int
    computed_parameters: int | None
    licence: str
    languages: int | None
    query_prefix: str | None
    document_prefix: str | None
    mteb_v2: float | None
    beir: float | None
    is_matryoshka: bool | None
    runs_code: bool

    @property
    def is_multilingual(self) -> bool:
        """Whether it was trained on more languages than English."""
        return self.languages != 1

    @property
    def commercial_use(self) -> CommercialUse:
        """Whether the licence allows commercial use."""
        if _NON_COMMERCIAL in self.licence:
            return "no"
        return "open" if self.licence in _OPEN else "own terms"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method without a model, for comparison: its name and its scores from 0 to 100."""

    name: str
    mteb_v2: float
    beir: float


@dataclass(frozen=True, slots=True)
class About:
    """Where the scores come from: repository, commit and its date, what each score is, and what to be careful about."""

    results: str
    commit: str
    date: datetime.date
    mteb_v2: str
    beir: str
    note: str
    baseline: Baseline


@dataclass(frozen=True, slots=True)
class _Stored:
    about: About
    models: tuple[CatalogueEntry, ...]


def catalogue() -> tuple[CatalogueEntry, ...]:
    """All models, in the order of the file: by publisher."""
    return _stored().models


def about_scores() -> About:
    """Where the scores come from."""
    return _stored().about


def entry_of(model_id: str) -> CatalogueEntry | None:
    """The model with this full name ("owner/model"); None if it is not in the catalogue."""
    return next((entry for entry in catalogue() if entry.model_id == model_id), None)


def installed(entry: CatalogueEntry, local_models: Sequence[str]) -> bool:
    """Whether the model is among those that load without a download: `rag.embedding.embedder.local_models`."""
    return entry.model_id in local_models


@cache
def _stored() -> _Stored:
    from pydantic import TypeAdapter

    return TypeAdapter(_Stored).validate_json(_FILE.read_bytes(), strict=True)
