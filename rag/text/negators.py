"""Negators: words such as "not", "never" and "without" in the main languages, and the words that they negate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.text.placed_words import PlacedWord
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import word_set

_ENGLISH = word_set("not cannot never nobody nothing nowhere none neither nor")
_OTHERS = word_set(
    "no "  # English, Spanish and Italian
    "nicht nichts nie niemals niemand niemanden nirgends keinesfalls keineswegs weder "  # German
    "kein keine keinen keinem keiner keines "
    "ne pas jamais rien aucun aucune personne nulle "  # French
    "nunca jamás nadie nada ningún ninguno ninguna tampoco "  # Spanish
    "non mai nessun nessuno nessuna niente nulla "  # Italian
    "não ninguém nenhum nenhuma jamais nem "  # Portuguese
    "niet geen nooit niemand niets nergens "  # Dutch
    "inte ej ingen inget inga aldrig ikke intet ei eivät nem sosem "  # Scandinavian, Finnish, Hungarian
    "nie nigdy nikt nic żaden żadna żadne není nikdy nikdo "  # Polish, Czech
    "не нет никогда никто ничего ни ні немає "  # Russian, Ukrainian
    "değil yok δεν όχι לא אין لا لم لن ليس नहीं không chưa tidak bukan belum ไม่ 안"
)
_UNSPACED = frozenset("不没沒未无無勿")
_NOT_AFTER_UNSPACED = frozenset("仅僅但过過同断斷少论論")
_KOREAN = re.compile("않|없|못|아니")
_JAPANESE = re.compile("ません|ない|なかった|なく")
_PREPOSITION_NO = word_set("não é são dos das uma pelo pela ao")
"""Words of Portuguese, where "no" means "in the"."""
_HARMLESS_AFTER_NOT = word_set("only just merely simply least necessarily")
_HARMLESS_AFTER_NO = word_set("doubt matter")
_COMPARED = word_set("more less later earlier fewer longer higher lower greater sooner bigger larger smaller")
_EXCESS = word_set("exceed exceeds exceeding exceeded")
_SCOPE = 4

WEAK = word_set(
    "without unless except lack lacks lacking fail fails failed refuse refuses refused forbid forbids forbidden ban "
    "banned prohibit prohibits prohibited prevent prevents prevented avoid avoids avoided stop stops stopped deny "
    "denies denied hardly barely rarely seldom scarcely only until exempt few little unable impossible missing absent "
    "instead rather else optional free otherwise too reject rejects rejected exclude excludes excluded alone ohne "
    "außer nur kaum sans sauf sin salvo senza sem zonder utan uten bez без"
)
"""Words that can say "not" in another way; they explain a negator, and are not negators themselves."""


@dataclass(frozen=True, slots=True)
class Negator:
    """A negator at `place` of a text's words, and the places of up to four words that it negates, nearest first."""

    place: int
    scope: tuple[int, ...]


def negators(words: Sequence[PlacedWord]) -> tuple[Negator, ...]:
    """The negators of a text, in order.

    Those that negate nothing are left out: "not only", "no later than", "No. 5". In languages other than English
    several negators in one clause are one ("no dijo nada", "ne ... pas"), and so only the first is returned.
    """
    found = list(_negators(words))
    kept: list[Negator] = []
    for one in found:
        clause = words[one.place].clause
        same = [other for other in found if words[other.place].clause == clause]
        is_english = any(_is_english(words[other.place].lower) for other in same)
        if is_english or one is same[0]:
            kept.append(one)
    return tuple(kept)


def _negators(words: Sequence[PlacedWord]) -> Iterator[Negator]:
    is_portuguese = any(word.lower in _PREPOSITION_NO for word in words)
    for place, word in enumerate(words):
        if _is_negator(words, place) and not (word.lower == "no" and is_portuguese):
            yield Negator(place, _scope(words, place))


def _is_english(lower: str) -> bool:
    return lower in _ENGLISH or lower.endswith("n't")


def _is_negator(words: Sequence[PlacedWord], place: int) -> bool:
    lower = words[place].lower
    after = [word.lower for word in words[place + 1 : place + 4]] + [""] * 3
    if len(lower) == 1 and lower in _UNSPACED:
        return after[0] not in _NOT_AFTER_UNSPACED
    if _is_japanese(words, place):
        return True
    if not (_is_english(lower) or lower in _OTHERS or lower.startswith("n'") or _KOREAN.search(lower)):
        return False
    return not _is_harmless(lower, after)


def _is_japanese(words: Sequence[PlacedWord], place: int) -> bool:
    """Whether a Japanese negation begins at a place, where every letter is a word."""
    return bool(_JAPANESE.match("".join(word.text for word in words[place : place + 4])))


def negator_text(words: Sequence[PlacedWord], place: int) -> str:
    """A negator as it is written; in Japanese it has several letters, each of which is a word."""
    japanese = _JAPANESE.match("".join(word.text for word in words[place : place + 4]))
    return japanese[0] if japanese else words[place].text


def _is_harmless(lower: str, after: Sequence[str]) -> bool:
    if lower in ("no", "not") and after[0] in _COMPARED and after[1] == "than":
        return bool(stated_numbers(after[2]))
    if lower == "no":
        return after[0] in _HARMLESS_AFTER_NO or after[0][:1].isdigit()
    return _is_english(lower) and after[0] in _HARMLESS_AFTER_NOT | _EXCESS


def _scope(words: Sequence[PlacedWord], place: int) -> tuple[int, ...]:
    """Places of the next words of the same clause that are no stop words, or else of those before.

    In Japanese and Korean, the negated words are before the negator.
    """
    clause = words[place].clause
    is_postfix = bool(_KOREAN.search(words[place].text) or _is_japanese(words, place))
    after = [i for i in range(place + 1, len(words)) if words[i].clause == clause and not words[i].is_common]
    before = [i for i in range(place - 1, -1, -1) if words[i].clause == clause and not words[i].is_common]
    return tuple((before if is_postfix or not after else after)[:_SCOPE])
