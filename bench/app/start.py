"""Seconds until the command line has printed its help, against starting Python alone, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from rag import config

_ROUNDS = 7


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=config.ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    pairs = [
        (seconds([sys.executable, "-c", "pass"]), seconds([sys.executable, "-m", "rag", "--help"]))
        for _ in range(_ROUNDS)
    ]
    bare, help_text = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"python alone {bare:.3f} s, python -m rag --help {help_text:.3f} s, ratio {help_text / bare:.2f}")


if __name__ == "__main__":
    main()
