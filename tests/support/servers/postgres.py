"""A PostgreSQL server of this machine's programs, with a data folder of its own, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from tests.browser.app_server import free_port

_USER = "explorer"
_PATIENCE = 120.0


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None if it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    # Debian keeps them out of the path, a folder for each version.
    return next((one.parent for one in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """The URL of an empty server that lets in its one user without a password.

    Args:
        folder: PostgreSQL's programs.
    """
    # PostgreSQL refuses to run as root, and a test's folder is closed to other users.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    as_other = ["runuser", "-u", "postgres", "--"] if is_root else []
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        if is_root:
            shutil.chown(name, "postgres")
        data, port = f"{name}/data", free_port()
        made = [*as_other, folder / "initdb", "-D", data, "-U", _USER, "--auth=trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd=name)
        serve = [*as_other, folder / "postgres", "-D", data, "-p", str(port), "-k", name, "-h", "127.0.0.1", "-F"]
        with subprocess.Popen(serve, cwd=name, stderr=subprocess.DEVNULL) as process:
            try:
                url = f"postgresql+pg8000://{_USER}@127.0.0.1:{port}/postgres"
                _wait_until_it_answers(url)
                yield url
            finally:
                # runuser passes the signal on; the server then ends at once.
                process.terminate()


def new_database(url: str, name: str) -> str:
    """The URL of a new database of the server at `url`."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.removesuffix("/postgres") + f"/{name}"


def _wait_until_it_answers(url: str) -> None:
    engine, give_up = create_engine(url), time.monotonic() + _PATIENCE
    while True:
        try:
            with engine.connect():
                return
        except SQLAlchemyError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
        finally:
            engine.dispose()
