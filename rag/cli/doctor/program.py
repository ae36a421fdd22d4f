"""Checks of the program itself: its version, the versions of its packages, and the environment variables."""

from __future__ import annotations

import difflib
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata

from rag import config
from rag.cli.doctor.finding import Finding
from rag.errors import ExplorerError

_LISTED = 5


def check_version(version: str) -> Finding:
    """The versions of this program, of Python and of the system."""
    return Finding(
        "program",
        "ok",
        f"Embedding Explorer {version}, Python {platform.python_version()}, {platform.system()} {platform.machine()}.",
    )


def check_packages(wanted: Mapping[str, str], installed: Callable[[str], str]) -> Finding:
    """Whether every package is installed in the version with which this program is tested.

    Args:
        wanted: version by name of the package.
        installed: its installed version; raises PackageNotFoundError.
    """
    missing, different = [], []
    for name, version in wanted.items():
        try:
            found = installed(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        # PyTorch's builds have an addition to the version: "2.13.0+cpu".
        if found.partition("+")[0] != version:
            different.append(f"{name} {found} instead of {version}")
    remedy = "Install them: pip install -r requirements.txt, or pip install --upgrade for an installed package."
    if missing:
        return Finding("packages", "problem", f"Not installed: {_listed(missing)}.", remedy)
    if different:
        return Finding("packages", "warning", f"Other versions than tested: {_listed(different)}.", remedy)
    return Finding("packages", "ok", f"All {len(wanted)} packages have the versions with which this was tested.")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def check_environment(environment: Mapping[str, str]) -> list[Finding]:
    """Whether the variables of this program have valid values, and whether there are others that it does not know."""
    problems = [Finding("environment", "problem", said) for said in filter(None, map(_why_invalid, config.CHECKED))]
    unknown = sorted(
        name for name in environment if name.startswith(config.VARIABLE_PREFIX) and name not in config.VARIABLES
    )
    warnings = [
        Finding("environment", "warning", f"The variable {name} is not known, and is ignored.", _meant(name))
        for name in unknown
    ]
    if problems or warnings:
        return problems + warnings
    given = sorted(name for name in environment if name in config.VARIABLES)
    sentence = f"Set: {', '.join(given)}." if given else "No variable is set: the defaults apply."
    return [Finding("environment", "ok", sentence)]


def _why_invalid(setting: Callable[[], object]) -> str:
    try:
        setting()
    except ExplorerError as error:
        return str(error)
    return ""


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, config.VARIABLES, n=1)
    return f"Was {close[0]} meant?" if close else "docs/reference.md lists those that exist."
