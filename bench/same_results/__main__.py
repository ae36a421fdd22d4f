"""Show that two checkouts give the same results: run both on the same inputs and compare every value.

    git worktree add ../before v0.1.0                        # the version to compare with
    python -m bench.same_results ../before                   # compare it with this checkout
    python -m bench.same_results ../before ../other          # compare two other checkouts
    python -m bench.same_results ../before --only prompts    # one part; the samples are ingested first in any case

First part: both run in fresh data and cache folders, with the old checkout's data/samples as input; "folders" adds the
optional ../shared/cases and ../shared/files. Compared are the collection files row by row, the JSON of `ingest`,
`search`, `neighbors`, `index-lab`, `ask` and `collections`, exported maps, layouts, clusters, the bytes that model
servers are sent, and recorded answers.
Second part: the old checkout fills a data folder (conversations, a chosen index, a prompt template, settings, export
files); both checkouts read copies of it.

Times, ids and paths of a run are left out: `comparison.LEFT_OUT`. Sentences for people may be reworded: the differences
are printed and do not count (`comparison.SENTENCES`). The exit code is 1 if a value differs or nothing was compared.
The old and the new code must be able to run in the same Python environment. This takes about eight minutes of processor
time, and "folders" as much again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
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
_OPTIONAL = ("cases", "files")


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

    @property
    def cache(self) -> Path:
        """Its embeddings by text and its converted model."""
        return self.folder / "cache"

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
            "EXPLORER_CACHE_DIR": str(self.cache),
            "EXPLORER_PRECISION": "float32",
            "PYTHONHASHSEED": "0",
        }


@dataclass(frozen=True)
class Run:
    """Both sides and the inputs they share."""

    old: Side
    new: Side
    documents: list[Path]
    questions: list[str]
    recorded: Path

    def compared(self, name: str, task: str, wanted: dict[str, object]) -> Comparison:
        """Do a task on both sides; a side that fails is a difference."""
        try:
            return compare(name, self.old.do(task, wanted), self.new.do(task, wanted))
        except subprocess.CalledProcessError as error:
            return Comparison(name, 1, [("(run)", "ends well", f"exit code {error.returncode}, see above")])

    def compared_rows(self, name: str, collection: str) -> Comparison:
        """Compare a collection's file on both sides."""
        old, new = (collection_rows(side.data / f"{collection}.sqlite") for side in (self.old, self.new))
        return compare(name, old, new)


def main() -> int:
    """Compare, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.same_results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, metavar="OLD_CHECKOUT")
    parser.add_argument("new", type=Path, nargs="?", default=_ROOT, metavar="NEW_CHECKOUT")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    comparisons = []
    with tempfile.TemporaryDirectory() as folder:
        run = _prepared(options.old.resolve(), options.new.resolve(), Path(folder))
        print(f"{'what':34} {'values':>9}  result", flush=True)
        for one in chain(_ingest(run), *(compared(run) for part, compared in PARTS.items() if part in options.only)):
            print(one.line(), flush=True)
            comparisons.append(one)
    _print_reworded(comparisons)
    different = [one.name for one in comparisons if not one.is_equal]
    n_values = sum(one.n_values for one in comparisons)
    print(f"\n{n_values:,} values compared: {'DIFFERENT: ' + ', '.join(different) if different else 'all equal'}")
    return 1 if different else 0


def _prepared(old: Path, new: Path, folder: Path) -> Run:
    samples = old / "data" / "samples"
    documents = sorted(path for path in samples.iterdir() if path.name != _RECORDED)
    lines = (samples / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [*(json.loads(line)["question"] for line in lines[:5]), *_ODD_QUESTIONS]
    before, after = Side("old", old, folder / "old"), Side("new", new, folder / "new")
    for side in (before, after):
        side.data.mkdir(parents=True)
    return Run(before, after, documents, questions, samples / _RECORDED)


def _ingest(run: Run) -> Iterator[Comparison]:
    """Always runs, and first: the other parts use the collection."""
    ingest = ["ingest", *map(str, run.documents), "--collection", _SAMPLE, "--json"]
    yield run.compared("ingest", "commands", {"commands": [ingest, ["collections", "--json"]]})
    yield run.compared_rows("collection file", _SAMPLE)


def _folders(run: Run) -> Iterator[Comparison]:
    """Documents of the optional folders. The new side reuses the old side's embeddings, to save half of the time."""
    for name in _OPTIONAL:
        if (path := _ROOT.parent / "shared" / name).is_dir():
            wanted: dict[str, object] = {"commands": [["ingest", str(path), "--collection", name, "--json"]]}
            before = run.old.do("commands", wanted)
            shutil.rmtree(run.new.cache, ignore_errors=True)
            shutil.copytree(run.old.cache, run.new.cache)
            yield compare(f"ingest of shared/{name}", before, run.new.do("commands", wanted))
            yield run.compared_rows(f"collection file '{name}'", name)


def _search(run: Run) -> Iterator[Comparison]:
    commands = [
        ["search", question, "--collection", _SAMPLE, "--mode", mode, "--json", "-k", "8"]
        for question in run.questions
        for mode in ("dense", "hybrid", "keyword")
    ]
    yield run.compared("search", "commands", {"commands": commands})


def _neighbors(run: Run) -> Iterator[Comparison]:
    yield run.compared("neighbors", "neighbors", {"questions": run.questions[:4]})


def _layouts(run: Run) -> Iterator[Comparison]:
    yield run.compared("layouts, clusters, quality", "layouts", {"keeps": False})


def _maps(run: Run) -> Iterator[Comparison]:
    """The map in each file format, written by the command line."""
    for side in (run.old, run.new):
        maps = [["map", "--collection", _SAMPLE, "--json", "--output", str(side.folder / name)] for name in _MAP_FILES]
        side.do("commands", {"commands": maps})
    for name in _MAP_FILES:
        old, new = (exported_map(side.folder / name) for side in (run.old, run.new))
        yield compare(f"map file {Path(name).suffix}", old, new)


def _index_benchmark(run: Run) -> Iterator[Comparison]:
    command = ["index-lab", "--collection", _SAMPLE, "--json"]
    yield run.compared("index-lab", "commands", {"commands": [command, [*command, "--size", "3000", "-k", "5"]]})


def _prompts(run: Run) -> Iterator[Comparison]:
    yield run.compared("prompts and answers by servers", "prompts", {"questions": run.questions})


def _builtin(run: Run) -> Iterator[Comparison]:
    options = ["--collection", _SAMPLE, "--model", "builtin", "--json"]
    commands = [["ask", question, *options] for question in run.questions[:3]]
    yield run.compared("answers by the built-in model", "commands", {"commands": commands})


def _recorded(run: Run) -> Iterator[Comparison]:
    yield run.compared("recorded answers", "recordings", {"recorded": str(run.recorded)})


def _earlier_version(run: Run) -> Iterator[Comparison]:
    """The second part: a data folder that the old checkout wrote, read by both."""
    exports = run.old.folder / "exports"
    exports.mkdir()
    run.old.do("layouts", {"keeps": True})
    run.old.do("write_collection", {"recorded": str(run.recorded), "exports": str(exports)})
    shutil.rmtree(run.new.data)
    shutil.copytree(run.old.data, run.new.data)
    yield run.compared("old data folder: layouts", "layouts", {"keeps": True})
    search = [["search", "paid leave"], ["neighbors", "--text", "paid leave"]]
    wanted: dict[str, object] = {"exports": str(exports), "commands": search}
    yield run.compared("old data folder: collections", "read_collections", wanted)
    for name in (_SAMPLE, "Some chunks", "Imported whole", "Imported shared"):
        yield run.compared_rows(f"old data folder: '{name}'", name)


PARTS: dict[str, Callable[[Run], Iterator[Comparison]]] = {
    "search": _search, "neighbors": _neighbors, "layouts": _layouts, "maps": _maps, "index": _index_benchmark,
    "prompts": _prompts, "builtin": _builtin, "recorded": _recorded, "folders": _folders, "earlier": _earlier_version,
}  # fmt: skip
"""The parts by the name that --only takes. "earlier" comes last: it replaces the new side's data folder."""


def _print_reworded(comparisons: list[Comparison]) -> None:
    """Sentences that differ, each pair once."""
    pairs = dict.fromkeys(pair for one in comparisons for pair in ((old, new) for _, old, new in one.reworded))
    if pairs:
        print(f"\n{len(pairs)} sentences are worded differently (not counted):")
    for old, new in pairs:
        print(f"  old: {old}\n  new: {new}")


if __name__ == "__main__":
    sys.exit(main())
