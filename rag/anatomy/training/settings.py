"""Settings of a training, checked."""

from __future__ import annotations

from dataclasses import dataclass

from rag import config

_RANGES = {
    "temperature": (0.01, 2.0),
    "batch_size": (2, 1_024),
    "steps": (1, 10_000),
    "dimension": (2, 512),
    "learning_rate": (1e-5, 1.0),
    "snapshot_every": (1, 1_000),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a training.

    Attributes:
        seed: decides the first numbers, the passages held back and every draw.
        temperature: divides the cosines in the loss, in [0.01, 2].
        batch_size: pairs in a step, each a negative for all others, in [2, 1024].
        steps: steps of one call of `advance`, in [1, 10000].
        dimension: numbers in a vector, in [2, 512].
        learning_rate: of the optimizer Adam, in [0.00001, 1].
        snapshot_every: steps between two snapshots; divides `steps`.

    Raises:
        ValueError: a value is out of its range.
    """

    seed: int = config.SEED
    temperature: float = 0.3
    batch_size: int = 128
    steps: int = 300
    dimension: int = 64
    learning_rate: float = 0.02
    snapshot_every: int = 10

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        """Check the ranges."""
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} must be from {least:g} to {most:g}, got {value}.")
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}.")
        if self.steps % self.snapshot_every:
            raise ValueError(f"steps must be a multiple of snapshot_every {self.snapshot_every}, got {self.steps}.")
