"""Questions that a few passages cannot answer completely: summaries, lists, totals, averages and counts."""

from __future__ import annotations

import re

_NEEDS_EVERYTHING = re.compile(
    r"""
    \b(?:
    # English
    summari[sz]\w*|summary|sum\s+up|overview|enumerate|in\s+total|totals?|altogether|averages?|mean\s+value|median|
    list\s+(?:all|the|every|each|of\s+all)|every\s+single|count(?:s|ed)?|(?:of|across|over)\s+all|
    # German
    zusammenfass\w*|fass\w*\b.{0,60}\bzusammen|(?:ü|ue)berblick|(?:auf)?list(?:e|en)|aufz(?:ä|ae)hl\w*|z(?:ä|ae)hle?n?|
    z(?:ä|ae)hl\w*\b.{0,60}\bauf|insgesamt|gesamt\w*|summe|durchschnitt\w*|mittelwert|im\s+schnitt|
    # French
    r(?:é|e)sum\w+|r(?:é|e)capitul\w+|synth(?:è|e)se|(?:é|e)num(?:é|e)r\w+|au\s+total|totaux|somme|moyenn\w+|liste[rz]|
    # Spanish, Portuguese, Italian
    resum\w+|riassu\w+|sintesi|enumer\w+|elenc\w+|lista(?:r|me)?|liste|en\s+total|in\s+totale|no\s+total|total[ei]s?|suma|
    somma|soma|promedio|m(?:é|e)dia\s+d\w+|(?:la|en|in|di|de|a)\s+m(?:é|e)dia|
    # Dutch
    samenvat\w*|vat\b.{0,60}\bsamen|overzicht|opsomm\w*|som\s+op|in\s+totaal|totaal|gemiddeld\w*
    )\b
    | ^\s*(?:please\s+)?list\b
    # Chinese and Japanese, which have no spaces between words
    | 总结|總結|概括|列出|总共|總共|一共|总计|總計|平均|要約|まとめ|一覧|合計
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ASKS_FOR_A_NUMBER = re.compile(
    r"\b(?:how\s+many|how\s+often|number\s+of|wie\s+viele?|wie\s+oft|combien|cu(?:á|a)nt[oa]s|quant[ieao]s?|hoeveel)\b"
    r"|多少|几个|幾個|いくつ|何人|何回",
    re.IGNORECASE,
)


def counting_note(question: str, n_read: int, n_chunks: int, *, is_backed: bool = False) -> str:
    """A warning if a question needs everything, but the model read only some passages; else empty.

    A question for a number ("How many days of leave ...?") may also ask for a plain fact: it gets no warning if every
    sentence of its answer is supported by a passage.

    Args:
        n_read: how many passages the model was shown; 0 if no passages were used.
        n_chunks: how many chunks the collection has.
        is_backed: whether every sentence of the answer is supported.
    """
    if not 0 < n_read < n_chunks:
        return ""
    asks_for_a_fact = is_backed and not _NEEDS_EVERYTHING.search(question)
    if asks_for_a_fact or not (_NEEDS_EVERYTHING.search(question) or _ASKS_FOR_A_NUMBER.search(question)):
        return ""
    was = "was" if n_read == 1 else "were"
    return f"Only {n_read} of {n_chunks:,} passages {was} read, so totals and lists may be incomplete."
