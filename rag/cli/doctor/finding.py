"""What a check of `doctor` found: a state, a sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]
"""ok: as it should be. warning: the app works, but something is missing or slow. problem: a part of it cannot work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: `subject` in a word or two, a sentence, and what to do about it; "" if nothing."""

    subject: str
    state: State
    sentence: str
    remedy: str = ""

    def line(self) -> str:
        """The finding as one line for a person."""
        return " ".join(filter(None, (f"{self.state:8}", f"{self.subject}:", self.sentence, self.remedy)))


def in_gigabytes(n_bytes: int) -> str:
    """A size for a person: "3.2 GB", or "12 MB" below a tenth of a gigabyte; 1 GB is 10^9 bytes."""
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:,.0f} MB"
