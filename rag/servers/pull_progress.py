"""Download progress of an Ollama model, summed over the model's layers."""

from __future__ import annotations

from dataclasses import dataclass, field

_SUCCESS = "success"
_HIGHEST_UNFINISHED = 0.99


@dataclass(frozen=True, slots=True)
class PullProgress:
    """The server's status message, and bytes over all layers named so far.

    `share` is in [0, 1]; it never falls, even if another layer is named, and is 1 only when the download is complete.
    """

    status: str
    completed_bytes: int
    total_bytes: int
    share: float = 0.0


@dataclass(slots=True)
class Layers:
    """The layers named so far, by digest, with the completed and total bytes of each; `all_there` at the end."""

    completed: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    share: float = 0.0
    all_there: bool = False

    def add(self, status: str, digest: str = "", completed: int = 0, total: int = 0) -> PullProgress:
        """Add one message of the server and return the progress."""
        if digest:
            self.completed[digest] = max(completed, self.completed.get(digest, 0))
            self.totals[digest] = max(total, self.totals.get(digest, 0))
        there, in_all = sum(self.completed.values()), sum(self.totals.values())
        self.all_there = status == _SUCCESS
        reached = min(there / in_all, _HIGHEST_UNFINISHED) if in_all else 0.0
        self.share = 1.0 if self.all_there else max(self.share, reached)
        return PullProgress(status, there, in_all, self.share)
