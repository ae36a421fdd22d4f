"""Compare two results value by value: numbers exactly, without times and ids of a run, and with sentences apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

LEFT_OUT = frozenset(
    {
        # times
        "seconds", "timings", "load_seconds", "prompt_seconds", "answer_seconds", "build_seconds", "queries_per_second",
        "p50_ms", "p99_ms", "is_on_frontier", "asked_at", "changed_at",
        # ids and paths of a run
        "uid", "digest", "conversations digest",
    }
)  # fmt: skip
"""Names of values that differ from run to run; they are not compared. `is_on_frontier` depends on times."""

SENTENCES = frozenset({"reason", "verdict", "note", "notes", "problem", "language_note", "message"})
"""Names of sentences for people. A change of words changes them, so they are listed and do not count as different."""

_MISSING, _KEYS = "(missing)", "(keys)"
_LONGEST_SHOWN = 160


@dataclass
class Comparison:
    """How many values of one result were compared, and where they differ: (place, old, new)."""

    name: str
    n_values: int = 0
    differences: list[tuple[str, str, str]] = field(default_factory=list)
    reworded: list[tuple[str, str, str]] = field(default_factory=list)

    def line(self) -> str:
        """The row of the table."""
        if not self.n_values:
            return f"{self.name:34} {0:>9}  NOTHING COMPARED"
        if not self.differences:
            return f"{self.name:34} {self.n_values:>9,}  equal"
        place, old, new = self.differences[0]
        return (
            f"{self.name:34} {self.n_values:>9,}  {len(self.differences):,} DIFFER, the first at {place}:\n"
            f"    old: {old}\n    new: {new}"
        )

    @property
    def is_equal(self) -> bool:
        """Whether something was compared and nothing differs."""
        return bool(self.n_values) and not self.differences


def compare(name: str, old: object, new: object) -> Comparison:
    """Compare two values as read from JSON. Two floats are equal only if all their bits are."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    result = Comparison(name)
    for place in dict.fromkeys([*before, *after]):
        first, second = before.get(place, _MISSING), after.get(place, _MISSING)
        is_sentence = not SENTENCES.isdisjoint(place)
        result.n_values += not is_sentence and place[-1] != _KEYS
        if first != second:
            found = result.reworded if is_sentence else result.differences
            found.append((".".join(place), *_shown(first, second)))
    return result


def _leaves(value: object, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each single value with the keys that lead to it, as its exact Python notation."""
    if isinstance(value, Mapping):
        yield (*place, _KEYS), repr(sorted(str(key) for key in value if key not in LEFT_OUT))
        for key, part in value.items():
            if key not in LEFT_OUT:
                yield from _leaves(part, (*place, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield (*place, "(length)"), str(len(value))
        for position, part in enumerate(value):
            yield from _leaves(part, (*place, str(position)))
    else:
        yield place or ("(value)",), repr(value)


def _shown(first: str, second: str) -> tuple[str, str]:
    """Both values, cut to the part around the first character in which they differ."""
    same = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    start = max(0, same - _LONGEST_SHOWN // 2)
    return first[start : start + _LONGEST_SHOWN], second[start : start + _LONGEST_SHOWN]
