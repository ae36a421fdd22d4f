"""The check before `embedding-explorer run` starts Streamlit: an address that others can reach needs a lock.

Run as a program with the flags for Streamlit. It exits with 2, and one sentence, if the app must not be started.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from pages.shared.session.person import why_closed
from rag import config
from rag.errors import AccessError

EXIT_CODE = 2
"""The exit code if the app is not started."""


def why_not_started(flags: Sequence[str]) -> str:
    """Why the app must not be started with these flags, and what to do, in a sentence; empty if it may be."""
    try:
        _load_options(flags)
        return why_closed()
    except click.UsageError:
        return ""  # Streamlit says what is wrong with its flags.
    except AccessError as error:
        return str(error)


def _load_options(flags: Sequence[str]) -> None:
    """Load Streamlit's options as `streamlit run` does: from the flags, the environment and its files."""
    from streamlit import config as options
    from streamlit.web import bootstrap, cli

    app = str(config.ROOT / "app.py")
    options._main_script_path = app
    given = cli.main_run.make_context("run", [app, *flags]).params
    bootstrap.load_config_options({name: value for name, value in given.items() if name not in ("target", "args")})


if __name__ == "__main__":
    if reason := why_not_started(sys.argv[1:]):
        print(reason, file=sys.stderr)
        sys.exit(EXIT_CODE)
