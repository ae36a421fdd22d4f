"""Token estimates: an upper estimate of a prompt's tokens, improved by the counts that servers report."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from rag import config
from rag.runtime.artifacts import read_cached, write_cached
from rag.servers.types import Message
from rag.servers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_PER_MESSAGE = 6
"""Tokens that mark a message's role, beginning and end: 4 to 6 in the templates of Gemma, Llama 3, Mistral and Qwen."""
_UNSEEN_FRAME = 30
"""Tokens that a chat template adds once, before any report: Llama 3's is the longest, with two dates in 25 tokens."""
_KNOWN_VOCABULARY = "vocabulary"
_VOCABULARY_MARGIN = 1.01
_SHAPE_MARGIN = 1.04
_HIGHEST_FACTOR = 1.25
_MOSTLY = 0.9
_CUT_BELOW = 0.7
_LEAST_OF_LATIN = 0.6
_LEAST_OF_OTHERS = 0.08
"""The shares of `tokens_at_most` that the most efficient vocabulary needs, for Latin and for other kinds of text."""
_REPORTS_KEPT = 16
_ESTIMATES_KEPT = 8
_MODELS_IN_FILE = 64

LATIN = "latin"
"""The kind for letters, digits, punctuation and spaces of Western languages and code."""
_ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_SCRIPTS: Mapping[str, str] = MappingProxyType(
    {
        "greek": "\u0370-\u03ff\u1f00-\u1fff",
        "cyrillic": "\u0400-\u052f",
        "semitic": "\u0590-\u08ff",
        "indic": "\u0900-\u0dff",
        "thai": "\u0e00-\u0fff",
        "hangul": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff",
        "kana": "\u3040-\u30ff\u31f0-\u31ff",
        "han": "\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef",
    }
)
_TOKENS_PER_BYTE: Mapping[str, float] = MappingProxyType(
    {
        "greek": 0.65,
        "cyrillic": 0.5,
        "semitic": 0.7,
        "indic": 0.8,
        "thai": 0.7,
        "hangul": 1.0,
        "kana": 0.65,
        "han": 1.05,
    }
)
_SHAPES = re.compile(
    "|".join(
        [
            f"(?P<accented>[A-Za-z]*[{_ACCENTED}][A-Za-z{_ACCENTED}]*)",
            "(?P<word>[A-Z]?[a-z]+|[A-Z](?![A-Z]))",
            "(?P<capitals>[A-Z]+)",
            "(?P<digits>[0-9]+)",
            r"(?P<marks>[!-/:-@\[-`{-~]+)",
            "(?P<spaces>  +)",
            r"(?P<lines>[\x00-\x1f\x7f]+)",
            *(f"(?P<{name}>[{characters}]+)" for name, characters in _SCRIPTS.items()),
            r"(?P<other>[^\x00-\x7f]+)",
        ]
    )
)


def was_cut(expected: int, reported: int) -> bool:
    """Whether the reported token count means that the server read only a part of the prompt.

    `expected` must be nearly exact, which it is if the model's vocabulary is known or learned.
    """
    return reported < _CUT_BELOW * expected


@dataclass(frozen=True, slots=True)
class Report:
    """A server's token count for one prompt.

    `kind` is the main kind of its text (a kind of `tokens_at_most`, or "vocabulary"), `counted` our token count,
    `n_messages` the number of messages, and `reported` the server's token count.
    """

    kind: str
    counted: float
    n_messages: int
    reported: int


class _Measure(Protocol):
    """A method of counting that learns from reports."""

    def estimate(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        """Upper estimate of the prompt's tokens."""

    def least(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        """Lower estimate of the prompt's tokens."""

    def report(self, messages: Sequence[Message], reported: int) -> Report | None:
        """The report to keep; None if nothing can be learned from it."""


class _ByVocabulary:
    """Counts with the model's vocabulary; the template's additional tokens are learned."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def estimate(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        seen = [r.reported - r.counted - _PER_MESSAGE * r.n_messages for r in reports if r.kind == _KNOWN_VOCABULARY]
        frame = _PER_MESSAGE * len(messages) + max(seen, default=_UNSEEN_FRAME)
        return _VOCABULARY_MARGIN * self._counted(messages) + max(frame, 1.0)

    def least(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        return self._counted(messages)

    def report(self, messages: Sequence[Message], reported: int) -> Report | None:
        return Report(_KNOWN_VOCABULARY, self._counted(messages), len(messages), reported)

    def _counted(self, messages: Sequence[Message]) -> float:
        return float(sum(self._vocabulary.count(message.content) for message in messages))


class _ByShape:
    """Counts without a vocabulary: an upper bound by word shapes, times the share learned for the kind of text."""

    def estimate(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        highest = {kind: min(max(shares) * _SHAPE_MARGIN, _HIGHEST_FACTOR) for kind, shares in _shares(reports).items()}
        return sum(highest.get(kind, 1.0) * tokens for kind, tokens in self._counted(messages).items())

    def least(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        lowest = {LATIN: _LEAST_OF_LATIN} | {kind: min(shares) for kind, shares in _shares(reports).items()}
        return sum(lowest.get(kind, _LEAST_OF_OTHERS) * tokens for kind, tokens in self._counted(messages).items())

    def report(self, messages: Sequence[Message], reported: int) -> Report | None:
        counted = self._counted(messages)
        total = sum(counted.values())
        kind = max(counted, key=lambda each: counted[each])
        # In a mixture, the tokens of each kind are unknown.
        return Report(kind, total, len(messages), reported) if counted[kind] >= _MOSTLY * total else None

    def _counted(self, messages: Sequence[Message]) -> dict[str, float]:
        counted = tokens_at_most("\n".join(message.content for message in messages))
        counted[LATIN] = counted.get(LATIN, 0.0) + _UNSEEN_FRAME + _PER_MESSAGE * len(messages)
        return counted


def _shares(reports: Iterable[Report]) -> dict[str, list[float]]:
    """The server's count as a share of ours, by kind."""
    shares: dict[str, list[float]] = {}
    for report in reports:
        if report.kind == _KNOWN_VOCABULARY or report.counted <= 0:
            continue
        shares.setdefault(report.kind, []).append(report.reported / report.counted)
    return shares


class TokenEstimate:
    """Counts the tokens of prompts for one model of one server. Thread-safe; what it learns is saved to disk.

    It counts with the model's vocabulary if the server reports it, else by word shapes. In the latter case, kinds of
    text without a report keep the upper bound.
    """

    def __init__(self, host: str, model: str, vocabulary: Vocabulary | None = None) -> None:
        self._key = f"{host} {model}"
        self._measure: _Measure = _ByVocabulary(vocabulary) if vocabulary else _ByShape()
        self._reports: tuple[Report, ...] = _read_file().get(self._key, ())

    def count(self, messages: Sequence[Message]) -> int:
        """Number of tokens of the prompt, rather slightly too high than too low."""
        return round(self._measure.estimate(messages, self._reports) + 0.5)

    def is_cut(self, messages: Sequence[Message], reported: int) -> bool:
        """Whether the reported count means that the server read only a part of these messages."""
        return was_cut(int(self._measure.least(messages, self._reports)), reported)

    def learn(self, messages: Sequence[Message], reported: int) -> None:
        """Learn from the server's token count, unless it has cut the prompt."""
        report = self._measure.report(messages, reported)
        if report is None or self.is_cut(messages, reported):
            return
        with _learning:
            self._reports = (*self._reports, report)[-_REPORTS_KEPT:]
            _write_file(self._key, self._reports)


_estimates: dict[str, TokenEstimate] = {}
_registering = threading.Lock()
_learning = threading.Lock()
"""Lock for changes of the file, which is read and written as a whole."""


def estimate_for(
    host: str, model: str, load_vocabulary: Callable[[], Vocabulary | None] = lambda: None
) -> TokenEstimate:
    """The estimate that this process shares for the model; `load_vocabulary` is called when it is created."""
    key = f"{host} {model}"
    if known := _estimates.get(key):
        return known
    made = TokenEstimate(host, model, load_vocabulary())
    with _registering:
        while len(_estimates) >= _ESTIMATES_KEPT:
            del _estimates[next(iter(_estimates))]
        return _estimates.setdefault(key, made)


def _path() -> Path:
    return config.cache_dir() / "token-reports"


def _read_file() -> dict[str, tuple[Report, ...]]:
    """Reports by host and model; empty if the file is missing or damaged."""
    content = read_cached(_path())
    try:
        return {} if content is None else _reports_adapter().validate_json(content, strict=True)
    except ValueError:
        return {}


@cache
def _reports_adapter() -> TypeAdapter[dict[str, tuple[Report, ...]]]:
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(dict[str, tuple[Report, ...]], config=ConfigDict(allow_inf_nan=False))


def _write_file(key: str, reports: Sequence[Report]) -> None:
    """Store the model's reports last, and drop the oldest models if there are many.

    If the file cannot be written, the next start learns again, which costs the accuracy of one answer.
    """
    models: Mapping[str, Sequence[Report]] = {k: r for k, r in _read_file().items() if k != key} | {key: reports}
    kept = list(models.items())[-_MODELS_IN_FILE:]
    with suppress(OSError):
        write_cached(_path(), json.dumps({k: [asdict(each) for each in r] for k, r in kept}).encode())


def tokens_at_most(text: str) -> dict[str, float]:
    """Upper bound of a text's tokens for an unknown tokenizer, by kind: LATIN, a script's name, or "other" (emoji).

    It is about the maximum over eight vocabularies of 32,000 (Mistral 7B) to 262,000 tokens (Gemma 3). For a typical
    vocabulary it is up to 40% too high in English, and several times too high in other scripts
    (`python -m bench.tokens`).
    """
    tokens: dict[str, float] = {}
    for match in _SHAPES.finditer(text):
        shape = match.lastgroup or ""
        kind = shape if shape in _SCRIPTS or shape == "other" else LATIN
        tokens[kind] = tokens.get(kind, 0.0) + _tokens(shape, match.group())
    return tokens


def _tokens(shape: str, run: str) -> float:
    length = len(run)
    if shape == "word":
        return 1.06 + 0.36 * max(0, min(length, 12) - 6) + 0.65 * max(0, length - 12)
    if shape == "digits":
        return 1.0 * length + 0.9
    if shape == "marks":
        return 1.0 * length
    if shape == "capitals":
        return 0.65 * length + 0.3
    if shape in ("spaces", "lines"):
        return 1.0 + 1.25 * (length - 1)
    n_bytes = len(run.encode("utf-8", "surrogatepass"))
    return (0.88 if shape == "accented" else _TOKENS_PER_BYTE.get(shape, 1.1)) * n_bytes
