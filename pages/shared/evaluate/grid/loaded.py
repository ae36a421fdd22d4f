"""Stored comparisons with their results and metrics, read once for all sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rag import config
from rag.evaluation.grid.compare import Change, Measured, changes, measure_results
from rag.evaluation.grid.grid_run import Grid, PointResult
from rag.evaluation.grid.stored import grid_folder, load_grid, load_results


@dataclass(frozen=True, slots=True)
class LoadedGrid:
    """A stored grid as far as it is measured. `problems` are sentences on results that cannot be read.

    `state` is equal for equal files.
    """

    grid: Grid
    results: Mapping[int, PointResult]
    measured: Measured
    problems: tuple[str, ...]
    state: tuple[tuple[str, int, int], ...]

    @property
    def n_missing(self) -> int:
        """How many settings are not measured yet."""
        return len(self.grid.points) - len(self.results)


@st.cache_resource(max_entries=32, show_spinner=False)
def _grid(path: str, modified: int, size: int) -> Grid:
    return load_grid(Path(path))


def load_conditions(path: Path) -> Grid:
    """A stored grid without its results; read again only if its file has changed. Raises RunFileError."""
    try:
        stat = path.stat()
    except OSError:
        return load_grid(path)
    return _grid(str(path), stat.st_mtime_ns, stat.st_size)


@st.cache_resource(max_entries=8, show_spinner="Reading the results")
def _loaded(folder: str, state: tuple[tuple[str, int, int], ...], _grid: Grid) -> LoadedGrid:
    found = load_results(Path(folder), _grid)
    return LoadedGrid(_grid, found.results, measure_results(_grid, found.results), found.problems, state)


def load_measured(grid: Grid) -> LoadedGrid:
    """The grid with its results, read again only if a file has changed."""
    stats = [(path, path.stat()) for path in grid_folder(config.data_dir(), grid).glob("*.json")]
    state = tuple(sorted((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats))
    return _loaded(str(config.data_dir()), state, grid)


@st.cache_resource(max_entries=64, show_spinner="Comparing the settings")
def _changes(state: tuple[tuple[str, int, int], ...], metric: str, _measured: Measured) -> dict[int, Change]:
    return changes(_measured, metric)


def changes_of(loaded: LoadedGrid, metric: str) -> dict[int, Change]:
    """The change of each setting from the present one."""
    return _changes(loaded.state, metric, loaded.measured)
