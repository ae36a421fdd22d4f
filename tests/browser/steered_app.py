"""Run the app like `streamlit run app.py`, in an environment that changes from test to test.

One server process then serves all tests of a worker. Each line of standard input is a JSON object of environment
variables: those with a string are set, those with null are removed. The process forgets what it remembers of servers
and jobs, and answers with a line. Everything else that it keeps is named by the path of a collection, and each test
has a data folder with a new path. At the end of the input the process ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TextIO

import streamlit as st
from streamlit.web.cli import main

from tests.browser.held_embedding import install_hold


def follow(orders: Iterable[str], answers: TextIO) -> None:
    """Handle each command and confirm it. The process exits at the end of its input, or when a command fails."""
    try:
        for order in orders:
            for name, value in json.loads(order).items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            forget()
            answers.write("ready\n")
            answers.flush()
    finally:
        answers.close()
        os.kill(os.getpid(), signal.SIGTERM)


def forget() -> None:
    """Clear this process's servers, jobs, downloads and unfinished answers."""
    # Imported when Streamlit's runtime is there, as a page would.
    from pages.shared.session.model_servers import downloads, forget_servers
    from pages.shared.session.resources import ingest_jobs, live_turns, task_board

    st.cache_data.clear()
    forget_servers()
    for kept in (ingest_jobs, task_board, downloads, live_turns):
        kept.clear()


if __name__ == "__main__":
    # What Streamlit prints goes to standard error, so that standard output holds the answers alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    install_hold()
    threading.Thread(target=follow, args=(sys.stdin, answers), daemon=True).start()
    sys.argv = ["streamlit", "run", "app.py", *sys.argv[1:]]
    main()
