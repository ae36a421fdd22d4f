"""The most memory that a step of a test takes, from Linux's /proc."""

from __future__ import annotations

from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def _kilobytes(name: str) -> int:
    return int(_STATUS.read_text().partition(f"{name}:")[2].split()[0])


class PeakMemory:
    """`megabytes` is how far the resident memory has risen since this was made; 0 where it cannot be measured."""

    def __init__(self) -> None:
        self._is_measured = _CLEAR.exists()
        if self._is_measured:
            _CLEAR.write_text(_RESET_PEAK)
            self._start = _kilobytes("VmRSS")

    @property
    def megabytes(self) -> float:
        return (_kilobytes("VmHWM") - self._start) / 1024 if self._is_measured else 0.0
