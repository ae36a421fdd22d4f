"""Wait for a condition of another process, with so much patience that a busy machine does not matter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SECONDS = 240.0
_STEP = 0.05


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once the condition holds. Raises TimeoutError if it never does."""
    deadline = time.monotonic() + _SECONDS
    step = threading.Event()
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{holds} did not hold within {_SECONDS:g} seconds")
        step.wait(_STEP)
