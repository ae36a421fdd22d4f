"""Show that two checkouts give the same results: run both on the same inputs and compare every value.

    git worktree add ../before v0.1.0                        # the version to compare with
    python -m bench.same_results ../before                   # compare it with this checkout
    python -m bench.same_results ../before ../other          # compare two other checkouts
    python -m bench.same_results ../before --samples-only    # without the optional folders of ../shared

First part: both run in fresh data and cache folders, with the old checkout's data/samples as input. Compared are the
collection files row by row, the JSON of `ingest`, `search`, `neighbors`, `index-lab`, `ask` and `collections`, exported
maps, layouts, clusters, the bytes that model servers are sent, and recorded answers.
Second part: the old checkout fills a data folder (conversations, a chosen index, a prompt template, settings, export
files); both checkouts read copies of it.

Times, ids and paths of a run are left out: `comparison.LEFT_OUT`. Sentences for people may be reworded: the differences
are printed and do not count (`comparison.SENTENCES`). The exit code is 1 if a value differs or nothing was compared.
The old and the new code must be able to run in the same Python environment. It takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.same_results.comparison import Comparison, compare
from bench.same_results.stored import collection_rows, exported_map

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent
_SAMPLE = "Sample"
_RECORDED = "recorded.json"
_ODD_QUESTIONS = ["error code E-417", "the", "¿Dónde está la biblioteca?", "planets & moons: (how many?) *"]
_MAP_FILES = ("map.csv", "map.parquet", "map.svg", "map.html")
_OPTIONAL = ("files", "cases")


@dataclass(frozen=True)
class Side:
    """One checkout, with a folder that holds its data, caches and results."""

    name: str
    checkout: Path
    folder: Path

    @property
    def data(self) -> Path:
        """Its collections."""
        return self.folder / "data"

    def do(self, task: str, wanted: dict[str, object]) -> object:
        """Do a task of probe.py with this checkout's code, in a new process."""
        source, target = self.folder / f"{task}.in.json", self.folder / f"{task}.json"
        source.write_text(json.dumps(wanted), "utf-8")
        print(f"  {self.name}: {task} ...", file=sys.stderr, flush=True)
        command = [sys.executable, str(_HERE / "probe.py"), task, str(source), str(target)]
        subprocess.run(command, cwd=self.checkout, env=self._environment(), check=True)
        return json.loads(target.read_text("utf-8"))

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPLORER_", "OLLAMA_"))}
        return kept | {
            "PYTHONPATH": str(self.checkout),
            "EXPLORER_DATA_DIR": str(self.data),
            "EXPLORER_CACHE_DIR": str(self.folder / "cache"),
            "EXPLORER_PRECISION": "float32",
            "PYTHONHASHSEED": "0",
        }


def main() -> int:
    """Compare, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.same_results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, metavar="OLD_CHECKOUT")
    parser.add_argument("new", type=Path, nargs="?", default=_ROOT, metavar="NEW_CHECKOUT")
    parser.add_argument("--samples-only", action="store_true", help="leave the optional folders of ../shared out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        old, new = (
            _side(name, checkout, Path(folder)) for name, checkout in (("old", options.old), ("new", options.new))
        )
        comparisons = []
        print(f"{'what':34} {'values':>9}  result", flush=True)
        for one in chain(_results(old, new, options.samples_only), _earlier_version(old, new)):
            print(one.line(), flush=True)
            comparisons.append(one)
    _print_reworded(comparisons)
    different = [one.name for one in comparisons if not one.is_equal]
    n_values = sum(one.n_values for one in comparisons)
    print(f"\n{n_values:,} values compared: {'DIFFERENT: ' + ', '.join(different) if different else 'all equal'}")
    return 1 if different else 0


def _side(name: str, checkout: Path, folder: Path) -> Side:
    side = Side(name, checkout.resolve(), folder / name)
    side.data.mkdir(parents=True)
    return side


def _results(old: Side, new: Side, samples_only: bool) -> Iterator[Comparison]:
    """The first part: both checkouts with the same inputs."""
    samples = old.checkout / "data" / "samples"
    questions = _questions(samples)
    inputs = {_SAMPLE: sorted(path for path in samples.iterdir() if path.name != _RECORDED)}
    if not samples_only:
        inputs |= {name: [path] for name in _OPTIONAL if (path := _ROOT.parent / "shared" / name).is_dir()}
    ingest = [["ingest", *map(str, paths), "--collection", name, "--json"] for name, paths in inputs.items()]
    yield _compared("ingest", "commands", {"commands": ingest}, old, new)
    for name in inputs:
        yield compare(f"collection file '{name}'", *(_rows(side, name) for side in (old, new)))
    search = [
        ["search", question, "--collection", _SAMPLE, "--mode", mode, "--json", "-k", "8"]
        for question in questions
        for mode in ("dense", "hybrid", "keyword")
    ]
    yield _compared("search", "commands", {"commands": search}, old, new)
    yield _compared("neighbors", "neighbors", {"questions": questions[:4]}, old, new)
    yield _compared("layouts, clusters, quality", "layouts", {"keeps": False}, old, new)
    yield from _maps(old, new)
    lab = [
        ["index-lab", "--collection", _SAMPLE, "--json"],
        ["index-lab", "--collection", _SAMPLE, "--json", "--size", "3000", "-k", "5"],
    ]
    yield _compared("index-lab", "commands", {"commands": lab}, old, new)
    yield _compared("prompts and answers by servers", "prompts", {"questions": questions}, old, new)
    ask = [["ask", question, "--collection", _SAMPLE, "--model", "builtin", "--json"] for question in questions[:3]]
    yield _compared("answers by the built-in model", "commands", {"commands": ask}, old, new)
    yield _compared("recorded answers", "recordings", {"recorded": str(samples / _RECORDED)}, old, new)
    yield _compared("collections", "commands", {"commands": [["collections", "--json"]]}, old, new)


def _questions(samples: Path) -> list[str]:
    lines = (samples / "questions.jsonl").read_text("utf-8").splitlines()
    return [*(json.loads(line)["question"] for line in lines[:5]), *_ODD_QUESTIONS]


def _compared(name: str, task: str, wanted: dict[str, object], old: Side, new: Side) -> Comparison:
    return compare(name, old.do(task, wanted), new.do(task, wanted))


def _rows(side: Side, name: str) -> object:
    return collection_rows(side.data / f"{name}.sqlite")


def _maps(old: Side, new: Side) -> Iterator[Comparison]:
    """The map in each file format, written by the command line."""
    for side in (old, new):
        maps = [["map", "--collection", _SAMPLE, "--json", "--output", str(side.folder / name)] for name in _MAP_FILES]
        side.do("commands", {"commands": maps})
    for name in _MAP_FILES:
        yield compare(f"map file {Path(name).suffix}", *(exported_map(side.folder / name) for side in (old, new)))


def _earlier_version(old: Side, new: Side) -> Iterator[Comparison]:
    """The second part: a data folder that the old checkout has written, read by both."""
    exports = old.folder / "exports"
    exports.mkdir()
    recorded = old.checkout / "data" / "samples" / _RECORDED
    old.do("write_collection", {"recorded": str(recorded), "exports": str(exports)})
    shutil.rmtree(new.data)
    shutil.copytree(old.data, new.data)
    yield _compared("old data folder: layouts", "layouts", {"keeps": True}, old, new)
    search = [["search", "paid leave"], ["neighbors", "--text", "paid leave"]]
    wanted: dict[str, object] = {"exports": str(exports), "commands": search}
    yield _compared("old data folder: collections", "read_collections", wanted, old, new)
    for name in (_SAMPLE, "Some chunks", "Imported whole", "Imported shared"):
        yield compare(f"old data folder: '{name}'", *(_rows(side, name) for side in (old, new)))


def _print_reworded(comparisons: list[Comparison]) -> None:
    """Sentences that differ, each pair once."""
    pairs = dict.fromkeys(pair for one in comparisons for pair in ((old, new) for _, old, new in one.reworded))
    if pairs:
        print(f"\n{len(pairs)} sentences are worded differently (not counted):")
    for old, new in pairs:
        print(f"  old: {old}\n  new: {new}")


if __name__ == "__main__":
    sys.exit(main())
