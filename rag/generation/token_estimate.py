"""Tokens of a prompt before the server has counted them: on the safe side, and learned from what it reports."""

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
"""Tokens that a template adds once, before it was seen: Llama 3's, the longest of those, tells two dates in 25."""
_KNOWN_VOCABULARY = "vocabulary"
_VOCABULARY_MARGIN = 1.01
_SHAPE_MARGIN = 1.04
_HIGHEST_FACTOR = 1.25
_MOSTLY = 0.9
_CUT_BELOW = 0.7
_LEAST_OF_LATIN = 0.6
_LEAST_OF_OTHERS = 0.08
"""The share of `tokens_at_most` that the thriftiest vocabulary needs."""
_REPORTS_KEPT = 16
_ESTIMATES_KEPT = 8
_MODELS_IN_FILE = 64


def was_cut(expected: int, reported: int) -> bool:
    """Whether a server that reports so few tokens read only a part of the prompt.

    `expected` is a count that is nearly exact, as it is where the model's vocabulary is known or learned.
    """
    return reported < _CUT_BELOW * expected


@dataclass(frozen=True, slots=True)
class Report:
    """What a server said of one prompt.

    `kind` is what its text mostly was (a kind of `tokens_at_most`, or that the vocabulary was known), `counted` the
    tokens by our own count, `n_messages` the messages, and `reported` the tokens by the server's count.
    """

    kind: str
    counted: float
    n_messages: int
    reported: int


class _Measure(Protocol):
    """A way to count, and what it makes of reports."""

    def estimate(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        """Tokens of the prompt, on the high side."""

    def least(self, messages: Sequence[Message], reports: Iterable[Report]) -> float:
        """Tokens of the prompt, on the low side."""

    def report(self, messages: Sequence[Message], reported: int) -> Report | None:
        """The report to keep; None where nothing can be learned from it."""


class _ByVocabulary:
    """The texts are counted as the model does; the template's own tokens are learned."""

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
    """No vocabulary is known: what the text takes at most, and of it the share that was learned for its kind."""

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
        # Of a mixture one could not tell which kind took how many.
        return Report(kind, total, len(messages), reported) if counted[kind] >= _MOSTLY * total else None

    def _counted(self, messages: Sequence[Message]) -> dict[str, float]:
        counted = tokens_at_most("\n".join(message.content for message in messages))
        counted[LATIN] = counted.get(LATIN, 0.0) + _UNSEEN_FRAME + _PER_MESSAGE * len(messages)
        return counted


def _shares(reports: Iterable[Report]) -> dict[str, list[float]]:
    """What the server counted of what we counted, by kind."""
    shares: dict[str, list[float]] = {}
    for report in reports:
        if report.kind == _KNOWN_VOCABULARY or report.counted <= 0:
            continue
        shares.setdefault(report.kind, []).append(report.reported / report.counted)
    return shares


class TokenEstimate:
    """Counts prompts for one model of one server. Threads may share it; what it learned is kept over restarts.

    It counts with the model's own vocabulary where the server tells it, else by the shapes of words: for the latter, a
    kind of text that was not seen yet keeps its safe count.
    """

    def __init__(self, host: str, model: str, vocabulary: Vocabulary | None = None) -> None:
        self._key = f"{host} {model}"
        self._measure: _Measure = _ByVocabulary(vocabulary) if vocabulary else _ByShape()
        self._reports: tuple[Report, ...] = _read_file().get(self._key, ())

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt, a little too many rather than too few."""
        return round(self._measure.estimate(messages, self._reports) + 0.5)

    def is_cut(self, messages: Sequence[Message], reported: int) -> bool:
        """Whether a server that reports so few tokens read only a part of these messages."""
        return was_cut(int(self._measure.least(messages, self._reports)), reported)

    def learn(self, messages: Sequence[Message], reported: int) -> None:
        """Take note of how many tokens the server counted; not where it has cut the prompt."""
        report = self._measure.report(messages, reported)
        if report is None or self.is_cut(messages, reported):
            return
        with _learning:
            self._reports = (*self._reports, report)[-_REPORTS_KEPT:]
            _write_file(self._key, self._reports)


_estimates: dict[str, TokenEstimate] = {}
_registering = threading.Lock()
_learning = threading.Lock()
"""Held by whoever changes the file, which is read and written whole."""


def estimate_for(
    host: str, model: str, load_vocabulary: Callable[[], Vocabulary | None] = lambda: None
) -> TokenEstimate:
    """The one estimate of this process for the model; `load_vocabulary` is called where there is none yet."""
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
    """Reports by host and model. A file that is missing or damaged is as if nothing had been learned."""
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
    """Put the model's reports last, and drop the first models where they are many.

    Where the file cannot be written, the next start learns again: that costs one answer's accuracy, no more.
    """
    models: Mapping[str, Sequence[Report]] = {k: r for k, r in _read_file().items() if k != key} | {key: reports}
    kept = list(models.items())[-_MODELS_IN_FILE:]
    with suppress(OSError):
        write_cached(_path(), json.dumps({k: [asdict(each) for each in r] for k, r in kept}).encode())


LATIN = "latin"
"""The kind of letters, digits, punctuation and spaces of Western languages, and of code."""


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


def tokens_at_most(text: str) -> dict[str, float]:
    """Tokens by kind: LATIN, a script's name, or "other" (emoji, rare scripts).

    About the most that any of eight vocabularies takes, of 32,000 (Mistral 7B) to 262,000 tokens (Gemma 3). For a usual
    one it is up to 40% too high in English, and several times too high in other scripts (`python -m bench.tokens`).
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
