"""Behind nginx with deploy/nginx.conf: the app under a path, over websockets, with uploads, at another host's name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from rag import config
from rag.store.collection import Collection
from tests.browser.app_server import free_port, map_frame, new_context, wait_until_healthy
from tests.conftest import lacking

_NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_PLACES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def nginx_settings(folder: Path, port: int, app_port: int) -> str:
    """The recipe inside the settings of a server without rights, at these ports, with all its files in the folder."""
    recipe = (config.ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    recipe = re.sub(r"listen 80;", f"listen 127.0.0.1:{port};", recipe)
    recipe = recipe.replace("http://127.0.0.1:8501", f"http://127.0.0.1:{app_port}")
    places = "\n".join(f"{place}_temp_path {folder}/{place};" for place in _PLACES)
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user}\ndaemon off;\nerror_log {folder}/error.log;\npid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{places}\n{recipe}\n}}\n"
    )


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=config.ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def proxied(sample: Collection, tmp_path: Path) -> Iterator[str]:
    """The address of the app behind nginx, as `embedding-explorer run` serves it with a base path."""
    if not _NGINX:
        lacking("nginx is not installed")
    port, app_port = free_port(), free_port()
    (tmp_path / "nginx.conf").write_text(nginx_settings(tmp_path, port, app_port), "utf-8")
    environment = {**os.environ, "OLLAMA_HOST": "127.0.0.1:9"}
    flags = ["--server.port", str(app_port), "--server.baseUrlPath", "explorer"]
    proxy = [_NGINX, "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")]
    with running([sys.executable, "-m", "rag", "run", *flags], environment), running(proxy, environment):
        wait_until_healthy(f"http://127.0.0.1:{port}/explorer/healthz")
        # Browsers find this name on their own machine; for the app it is another host's.
        yield f"http://explorer.localhost:{port}/explorer"


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    context = new_context(browser, viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


def test_pages_uploads_and_links_work_under_a_path(proxied: str, visitor: Page, sample: Collection, tmp_path: Path):
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.on("websocket", lambda socket: asked.append(socket.url))
    visitor.goto(proxied)
    map_frame(visitor)
    visitor.get_by_role("link", name="Documents").click()
    visitor.get_by_role("heading", name="12 documents, 303 chunks").first.wait_for()
    assert visitor.url.startswith(f"{proxied}/documents")
    note = tmp_path / "otters.txt"
    note.write_text("Otters hold hands while they sleep. " * 40_000)
    visitor.locator("input[type=file]").first.set_input_files(note)
    visitor.get_by_role("button", name="Add 1 file").click()
    visitor.get_by_role("heading", name=re.compile(r"^13 documents")).first.wait_for()
    assert [one.name for one in sample.documents() if one.name == "otters.txt"]
    host = proxied.removeprefix("http://").partition("/")[0]
    elsewhere = [url for url in asked if not re.match(rf"(http|ws)://{re.escape(host)}/explorer(/|$)", url)]
    assert [url for url in elsewhere if url.startswith(("http", "ws"))] == []


def test_health_is_answered_with_a_reason_where_the_data_folder_cannot_be_read(
    proxied: str, sample: Collection, tmp_path: Path
):
    address = proxied.replace("explorer.localhost", "127.0.0.1") + "/healthz"
    with urllib.request.urlopen(address) as reply:
        assert (reply.status, reply.read().decode()) == (200, f'{{"status":"ok","version":"{config.version()}"}}')
    folder = sample.path.parent
    folder.rename(tmp_path / "aside")
    folder.write_text("a file in the place of the folder")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address)
    assert refused.value.code == 503
    said = refused.value.read().decode()
    assert '"status":"unavailable"' in said
    assert "cannot be read" in said
    assert str(tmp_path) not in said
