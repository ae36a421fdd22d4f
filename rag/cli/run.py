"""The commands around the app: `run` starts it, `prepare` does the slow steps of its first start."""

from __future__ import annotations

import argparse
import os
import runpy
import sys

from rag import config
from rag.cli.common import Commands

_LONGEST_HEADER = ("WEBSOCKETS_MAX_LINE_LENGTH", "65536")
"""Bytes of a header that the server accepts: a login with many groups has cookies of more than the usual 8,192."""


def add_commands(commands: Commands) -> None:
    """Add `run` and `prepare`."""
    run = commands.add_parser(
        "run",
        help="start the app",
        usage="%(prog)s [-h] [STREAMLIT FLAGS]",
        description="Start the app; its address is printed.",
        epilog="All other flags go to Streamlit, for example: run --server.port 8600",
        allow_abbrev=False,
    )
    run.set_defaults(command=run_app)
    prepare = commands.add_parser("prepare", help="do the slow steps of the first start now")
    prepare.set_defaults(command=_prepare)


def run_app(options: argparse.Namespace) -> int:
    """Serve serve.py with Streamlit in this process; `options.streamlit_flags` are passed on unchanged.

    Returns:
        Streamlit's exit code, once its server has stopped; 2 if it is not started, because its address needs a lock.
    """
    os.environ.setdefault(*_LONGEST_HEADER)
    try:
        sys.argv = ["start", *options.streamlit_flags]
        runpy.run_module("pages.shared.frame.start", run_name="__main__")
        sys.argv = ["streamlit", "run", str(config.ROOT / "serve.py"), *options.streamlit_flags]
        runpy.run_module("streamlit", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from rag.embedding.wheel_folders import unpack_all
    from rag.generation.builtin import BuiltinGenerator
    from rag.map.projection import warm_up

    warm_up()
    BuiltinGenerator.load()
    unpack_all()
    print("UMAP is compiled and the built-in models are converted.")
    return 0
