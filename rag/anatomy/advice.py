"""Adviser: which embedding model to use for a collection, why, and what it costs.

Results on the person's own questions decide if there are any; otherwise the catalogue's published retrieval scores do,
among the models that suit the texts' languages and lengths and can be used here. The rules for published scores:

1. The reference is the model in a package for these languages: all-MiniLM-L6-v2, or multilingual-e5-small.
2. The best model with no more parameters is recommended if it scores at least 5 points more than the reference.
3. Otherwise the best model that takes up to about ten times as long as all-MiniLM-L6-v2 is, if it scores at least 5
   points more than that; otherwise the best small one.

Scores are those of the published weights; the package of multilingual-e5-small holds them in 4 bits. A model
whose licence does not allow commercial use is never recommended first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag import config
from rag.embedding.catalogue import CatalogueEntry, about_scores, catalogue, entry_of
from rag.runtime.model_wheels import E5_SMALL, MINILM
from rag.text.language import language_name

_OTHER_SHARE = 0.05
"""From this share of texts in other languages than English on, a multilingual model is needed."""
_WORTHWHILE = 5.0
"""Points of the retrieval score."""
_MOST_WORK = 120_000_000
"""Computed parameters of the largest model that is recommended."""
_SIMILAR_WORK = 2.5
"""An alternative that scores more takes up to this many times as long."""
_ADDED_TOKENS = 2
"""Special tokens at the beginning and the end of a text."""
_FLOAT_BYTES = 4
_MOST_ALTERNATIVES = 2
_LANGUAGES_NAMED = 3


@dataclass(frozen=True, slots=True)
class Situation:
    """What the advice depends on.

    languages: number of texts by ISO 639-1 code; an empty code for texts in no recognized language. chunk_tokens:
    tokens of the collection's long chunks, such as the longest. has_hub: whether models may be downloaded. installed:
    full names of the models that load without a download. exam: nDCG@10 from 0 to 1 by model, measured on the person's
    own questions; None without an exam.
    """

    languages: Mapping[str, int]
    chunk_tokens: int
    has_hub: bool
    installed: Sequence[str]
    exam: Mapping[str, float] | None = None

    @property
    def is_multilingual(self) -> bool:
        """Whether the texts need a multilingual model."""
        known = {code: n for code, n in self.languages.items() if code}
        others = sum(n for code, n in known.items() if code != "en")
        return others > 0 and others >= _OTHER_SHARE * sum(known.values())

    @property
    def reference(self) -> CatalogueEntry:
        """The model in a package that others are compared with."""
        wanted = (E5_SMALL if self.is_multilingual else MINILM).model_id
        return next(entry for entry in catalogue() if entry.model_id == wanted)


@dataclass(frozen=True, slots=True)
class Advice:
    """The recommended model, three sentences (which model; why; its cost and what else there is), and the others."""

    model_id: str
    sentences: tuple[str, str, str]
    alternatives: tuple[str, ...]


def advise(situation: Situation) -> Advice:
    """Recommend an embedding model. The same situation always gets the same advice."""
    chosen = _chosen(situation)
    by_exam = _by_exam(situation, chosen)
    if by_exam is not None:
        return by_exam
    if chosen is None:
        return _install_first(situation)
    others = _alternatives(chosen, situation)
    sentences = (_which(chosen, situation), _why(chosen, situation), _price(chosen, others, situation))
    return Advice(chosen.model_id, sentences, tuple(other.model_id for other in others))


# The choice


def _chosen(situation: Situation) -> CatalogueEntry | None:
    """The model that published scores recommend; None if none can be used here."""
    pool = _pool(situation)
    if not pool:
        return None
    reference = situation.reference
    small = [entry for entry in pool if entry.parameters <= reference.parameters]
    best_small = small[0] if small else min(pool, key=lambda entry: entry.parameters)
    if _points(best_small, reference) >= _WORTHWHILE:
        return best_small
    best = next((entry for entry in pool if _work(entry) <= _MOST_WORK), best_small)
    return best if _points(best, best_small) >= _WORTHWHILE else best_small


def _pool(situation: Situation) -> list[CatalogueEntry]:
    """The models that can be recommended, the best first: those that read whole chunks, or all if none does.

    They can be used here, suit the languages, have an open licence, and score more than BM25.
    """
    least = about_scores().baseline.mteb_v2
    pool = [
        entry
        for entry in catalogue()
        if _is_usable(entry.model_id, situation)
        and (entry.is_multilingual or not situation.is_multilingual)
        and entry.commercial_use == "open"
        and _score(entry) > least
    ]
    pool.sort(key=lambda entry: (-_score(entry), entry.parameters))
    return [entry for entry in pool if _reads(entry, situation.chunk_tokens)] or pool


def _is_usable(model_id: str, situation: Situation) -> bool:
    """Whether the model is installed, or can be downloaded and loaded without running its code."""
    entry = entry_of(model_id)
    return model_id in situation.installed or (situation.has_hub and not (entry and entry.runs_code))


def _alternatives(chosen: CatalogueEntry, situation: Situation) -> list[CatalogueEntry]:
    """Models that score more and take not much longer; if there are none, the best of those that take less time."""
    others = [entry for entry in _pool(situation) if entry is not chosen]
    better = [
        entry for entry in others if _score(entry) > _score(chosen) and _work(entry) <= _SIMILAR_WORK * _work(chosen)
    ]
    quicker = [entry for entry in others if _work(entry) < _work(chosen)]
    return better[:_MOST_ALTERNATIVES] or quicker[:1]


def _score(entry: CatalogueEntry) -> float:
    return entry.mteb_v2 or 0.0


def _points(entry: CatalogueEntry, other: CatalogueEntry) -> float:
    return _score(entry) - _score(other)


def _work(entry: CatalogueEntry) -> int:
    return entry.parameters if entry.computed_parameters is None else entry.computed_parameters


def _reads(entry: CatalogueEntry, n_tokens: int) -> bool:
    return entry.max_tokens is None or n_tokens + _ADDED_TOKENS <= entry.max_tokens


# The sentences


def _short(model_id: str) -> str:
    return model_id.rpartition("/")[2]


def _which(entry: CatalogueEntry, situation: Situation) -> str:
    size = f"{entry.parameters / 1_000_000:.0f} million parameters, {entry.licence}"
    where = "is installed" if entry.model_id in situation.installed else "is downloaded once"
    return f"Use {_short(entry.model_id)} ({size}), which {where}."


def _why(entry: CatalogueEntry, situation: Situation) -> str:
    reference, baseline = situation.reference, about_scores().baseline
    parts = [_languages(situation)]
    if situation.is_multilingual:
        count = f"{entry.languages} languages" if entry.languages else "many languages"
        parts.append(f"it was trained on {count}")
    if situation.chunk_tokens + _ADDED_TOKENS > (reference.max_tokens or 0) and _reads(entry, situation.chunk_tokens):
        parts.append(f"it reads your chunks of {situation.chunk_tokens:,} tokens as a whole")
    if entry is reference:
        compared = f"{baseline.name}, which only compares words, has {baseline.mteb_v2:.2f}"
    else:
        compared = f"{_points(entry, reference):.1f} points more than {_short(reference.model_id)}"
    scope = ", and none is listed for other languages" if situation.is_multilingual else ""
    parts.append(f"its score in English retrieval is {_score(entry):.2f} of 100 ({compared}){scope}")
    return "; ".join(parts) + "."


def _languages(situation: Situation) -> str:
    known = sorted((code for code in situation.languages if code), key=lambda code: (-situation.languages[code], code))
    if not known:
        return "No language was recognized in your texts, so English is assumed"
    if not situation.is_multilingual:
        return "Your texts are in English"
    names = [language_name(code) for code in known[:_LANGUAGES_NAMED]]
    if len(known) > _LANGUAGES_NAMED:
        names.append("others")
    return f"Your texts are in {_listed(names)}"


def _price(entry: CatalogueEntry, others: Sequence[CatalogueEntry], situation: Situation) -> str:
    reference = situation.reference
    parts = [f"A vector takes {_FLOAT_BYTES * entry.dimension:,} bytes"]
    if entry is not reference:
        ratio = f"{_work(entry) / _work(reference):.1f}"
        time = "as long as" if ratio == "1.0" else f"about {ratio} times as long as"
        parts[0] += f", and embedding takes {time} with {_short(reference.model_id)}"
    if not _reads(entry, situation.chunk_tokens):
        read = (entry.max_tokens or 0) - _ADDED_TOKENS
        parts.append(
            f"it reads only {read:,} of the {situation.chunk_tokens:,} tokens of your long chunks, so make them shorter"
        )
    if others:
        parts.append(f"the next choice is {_compared(others, reference)}")
    if not situation.has_hub:
        better = _with_hub(entry, replace(situation, has_hub=True))
        parts += [f"with access to the Hugging Face hub it would be {_compared(better, reference)}"] if better else []
    return "; ".join(parts) + "."


def _with_hub(entry: CatalogueEntry, situation: Situation) -> list[CatalogueEntry]:
    """What could be downloaded, the recommended first: only models that score at least 5 points more."""
    best = _chosen(situation)
    found = [] if best is None else [best, *_alternatives(best, situation)]
    return [one for one in found if _points(one, entry) >= _WORTHWHILE]


def _compared(entries: Sequence[CatalogueEntry], reference: CatalogueEntry) -> str:
    """The models, each with its score and time compared with the reference."""
    texts = []
    for entry in entries:
        points = _points(entry, reference)
        amount = f"{abs(points):.1f} points {'more' if points > 0 else 'less'} than {_short(reference.model_id)}"
        time = f"{_work(entry) / _work(reference):.1f} times as long"
        texts.append(_short(entry.model_id) if entry is reference else f"{_short(entry.model_id)} ({amount}, {time})")
    # The reference is named once.
    first, *rest = texts
    return " or ".join([first, *(text.replace(f" than {_short(reference.model_id)}", "") for text in rest)])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# Without a usable model, and with an exam


def _install_first(situation: Situation) -> Advice:
    """Advice where no suitable model is installed and none can be downloaded: the one in a package."""
    reference = situation.reference
    sentences = (
        f"Use {_short(reference.model_id)}, which has to be installed first.",
        f"{_languages(situation)}; no installed model suits them, and none can be downloaded.",
        f"Its package is listed in {config.model_requirements()}, and a vector takes "
        f"{_FLOAT_BYTES * reference.dimension:,} bytes.",
    )
    return Advice(reference.model_id, sentences, ())


def _by_exam(situation: Situation, published: CatalogueEntry | None) -> Advice | None:
    """The best model of the exam that can be used here and whose licence allows it; None without one."""
    exam = situation.exam or {}
    usable = sorted((name for name in exam if _is_usable(name, situation)), key=lambda name: (-exam[name], name))
    ranked = [name for name in usable if not _forbids_commercial_use(name)]
    if not ranked:
        return None
    best, others = ranked[0], ranked[1 : 1 + _MOST_ALTERNATIVES]
    which = f"Use {_short(best)}: on your own questions it reaches an nDCG@10 of {exam[best]:.2f}"
    if others:
        which += f", compared with {_listed([f'{exam[name]:.2f} for {_short(name)}' for name in others])}"
    why = "On your own questions a result says more than published scores, which are means over other texts."
    entry = entry_of(best)
    parts = [f"A vector takes {_FLOAT_BYTES * entry.dimension:,} bytes"] if entry else []
    if usable[0] != best:
        parts.append(f"{_short(usable[0])} reaches {exam[usable[0]]:.2f}, but its licence forbids commercial use")
    parts.append(_published_too(published, best, exam))
    third = "; ".join(parts)
    return Advice(best, (f"{which}.", why, f"{third[0].upper()}{third[1:]}."), tuple(others))


def _forbids_commercial_use(name: str) -> bool:
    entry = entry_of(name)
    return entry is not None and entry.commercial_use == "no"


def _published_too(published: CatalogueEntry | None, best: str, exam: Mapping[str, float]) -> str:
    """What published scores recommend, compared with the exam."""
    if published is None:
        return "published scores recommend no model that can be used here"
    name = _short(published.model_id)
    if published.model_id == best:
        return "published scores recommend it too"
    if published.model_id in exam:
        return f"published scores recommend {name}, which reaches {exam[published.model_id]:.2f}"
    return f"published scores recommend {name}, which you have not tried on your questions yet"
