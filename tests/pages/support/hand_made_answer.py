"""An answer made by hand: supported, altered and unsupported sentences, a wrong number, text that looks like markup."""

from __future__ import annotations

from rag.answering.types import Answer, Contradiction, Support, Timings, Verdict
from rag.generation.types import Prompt
from rag.servers.types import Usage
from rag.types import Chunk, Hit

LEAVE = (
    "# Leave\nFull-time staff have 28 days of paid leave a year. \U0001f989 <b>Part-time</b> staff have less.\n\n"
    "Leave that is not taken by 31 March is lost, unless the manager agreed in writing. "
) + "A day of leave is asked for in the portal at least two weeks before it. " * 12
SICKNESS = "Sick pay is paid in full for six weeks. After that the statutory rate is paid."

YEAR = "Full-time staff have 28 days of paid leave a year \U0001f989."
LOST = "Leave not taken by 31 March is lost."
MOON = "The moon is made of green cheese, which is a sentence long enough for more than one line of a narrow screen."
NINE = "Sick pay is paid in full for 9 weeks."
SIX = "Sick pay is paid in full for six weeks."
NOT = "Sick pay is not paid in full for six weeks."
TEXT = f"{YEAR} {LOST}\n\n- {MOON}\n- {NINE} {SIX} {NOT}\n<img src=x onerror=alert(1)> **plain**"

MARKDOWN = """## Leave

**Full-time** staff have `28` days. It is *lost* after 31 March.

| Kind | Days |
|---|---|
| Full-time | 28 |

1. Ask in the portal. Wait for two weeks.
2. <img src=x onerror=alert(1)> is no picture.

```python
print("days")
```"""
SENTENCES = (
    "## Leave", "**Full-time** staff have `28` days.", "It is *lost* after 31 March.", "| Full-time | 28 |",
    "Ask in the portal.", "Wait for two weeks.", 'print("days")',
)  # fmt: skip
"""An answer with all that Markdown has, and with sentences in each part of it."""


def _hit(number: int, text: str, document: str, score: float) -> Hit:
    chunk = Chunk(document, 0, len(text), text, 60, page=3, heading="Benefits > Leave", chunk_id=number + 40)
    return Hit(chunk, document, score, number, ())


def _support(
    sentence: str, verdict: Verdict, scores: tuple[float, float], number: int, source: str, passage: str,
    missing: tuple[str, ...] = (), contradictions: tuple[Contradiction, ...] = (),
) -> Support:  # fmt: skip
    start, at = TEXT.index(sentence), source.index(passage)
    return Support(
        start, start + len(sentence), verdict, scores, number, (at, at + len(passage)), missing, contradictions
    )


def made_answer() -> Answer:
    """Six sentences, two passages: chunks 41 (leave) and 42 (sickness)."""
    hits = (_hit(1, LEAVE, "handbook.md", 0.71), _hit(2, SICKNESS, "sickness_and_other_absence_final_v2.pdf", 0.55))
    paid, lost = LEAVE[8:58], LEAVE[LEAVE.index("Leave that") : LEAVE.index("A day") - 1]
    first = SICKNESS[:39]
    supports = (
        _support(YEAR, "supported", (0.93, 0.40), 1, LEAVE, paid),
        _support(LOST, "supported", (0.81, 0.20), 1, LEAVE, lost),
        _support(MOON, "unsupported", (0.10, 0.12), 0, SICKNESS, first),
        _support(NINE, "unsupported", (0.30, 0.83), 0, SICKNESS, first, ("9",)),
        _support(SIX, "supported", (0.20, 0.97), 2, SICKNESS, first),
        _support(NOT, "altered", (0.20, 0.91), 2, SICKNESS, first, (), (Contradiction("negation", "not", ""),)),
    )
    prompt = Prompt((), hits, (), 100, 4096, 256)
    return Answer("leave?", "leave?", hits, prompt, TEXT, supports, "made", Usage(1, 2, "finished"), Timings())
