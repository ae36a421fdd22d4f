"""Command line: parse the arguments, run one command, and return its exit code."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from rag.cli import ask, collections, copy, evaluate, index_benchmark, ingest, password, run, search
from rag.cli.common import Command
from rag.cli.doctor import command as doctor
from rag.errors import ExplorerError


def main(arguments: Sequence[str] | None = None, *, program: str = "python -m rag") -> int:
    """Run one command; `program` is the name that the help shows.

    Returns:
        0 if everything worked, 1 if something failed, or Streamlit's exit code for `run`.

    Raises:
        SystemExit: after the help (exit code 0), and for wrong arguments (2).
    """
    parser = _parser(program)
    options, others = parser.parse_known_args(arguments)
    if options.command is run.run_app:
        options.streamlit_flags = others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    command: Command = options.command
    try:
        return command(options)
    except ExplorerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Documents in; a map, neighbors, answers out.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (run, ingest, collections, copy, search, ask, index_benchmark, evaluate, password, doctor):
        group.add_commands(commands)
    return parser
