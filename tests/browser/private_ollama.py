"""A real Ollama server that a test may kill: it uses the shared server's programs and models, on another port."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag import config
from tests.browser.app_server import free_port

SCRIPT = config.ROOT.parent / "shared" / "ollama" / "server"
_HOME = Path(os.environ.get("OLLAMA_HOME_DIR") or Path.home() / ".cache" / "real-ollama")


class PrivateOllama:
    """Start it, kill it, start it again: always at the same address."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._host = f"127.0.0.1:{free_port()}"
        self.address = f"http://{self._host}"

    def start(self) -> None:
        environment = {**os.environ, "OLLAMA_HOME_DIR": str(self._home), "OLLAMA_TEST_HOST": self._host}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([SCRIPT, "start"], env=environment, check=True, **quiet)

    def kill(self) -> None:
        """SIGKILL to the server and to the processes that it has started."""
        pid = int((self._home / "server.pid").read_text())
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


@contextmanager
def private_ollama(home: Path) -> Iterator[PrivateOllama]:
    """A server with its log and its process number in `home`; the rest is linked from the shared server's folder."""
    home.mkdir()
    for part in _HOME.iterdir():
        if part.name not in ("server.log", "server.pid"):
            (home / part.name).symlink_to(part)
    server = PrivateOllama(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()
