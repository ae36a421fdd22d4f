"""Short texts for numbers: counts with their noun, and durations."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """ "1 model", "2 models"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def spoken(seconds: float) -> str:
    """Short text for a duration: "0.4 s", "12 s", "3 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
