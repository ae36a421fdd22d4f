"""The installed package: a wheel in an empty environment, outside the checkout, with an empty home folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rag import config
from tests.browser.app_server import free_port, wait_until_healthy
from tests.support.page_client import PATIENCE, exceptions, page_client

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(config.ROOT)], check=True, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment with the wheel in it; the libraries are those of the tests' environment."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    paths = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", paths))
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    places = Path(sysconfig.get_path("scripts", "venv", paths))
    command = [sys.executable, "-m", "pip", "--python", str(places / "python"), "install", "-q", "--no-deps"]
    subprocess.run([*command, "--no-index", str(wheel)], check=True, cwd=folder)
    return places


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def environment(home: Path) -> dict[str, str]:
    """The tests' variables, without those that name folders of the app or of Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPLORER_", "PYTHON", "XDG_"))}
    return kept | {"HOME": str(home)}


def run(scripts: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(scripts / "embedding-explorer"), *arguments]
    return subprocess.run(command, cwd=home, env=environment(home), capture_output=True, text=True, check=False)


@contextmanager
def running(scripts: Path, home: Path) -> Iterator[int]:
    """The port of the installed app, started as a person starts it."""
    port = free_port()
    command = [str(scripts / "embedding-explorer"), "run", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=home, env=environment(home), stdout=subprocess.DEVNULL)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", PATIENCE)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_the_wheel_holds_one_folder_with_everything_the_app_needs(wheel: Path):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"embedding_explorer"}
    tracked = subprocess.run(
        ["git", "ls-files", "app.py", "serve.py", "pages", "rag", "data/samples", ".streamlit"],
        cwd=config.ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    assert len(tracked) > 200
    missing = [name for name in tracked if name and f"embedding_explorer/{name}" not in names]
    assert [name for name in missing if (config.ROOT / name).exists()] == []


def test_commands_work_and_keep_collections_in_the_home_folder(scripts: Path, home: Path):
    help_text = run(scripts, home, "--help").stdout
    assert help_text.startswith("usage: embedding-explorer")
    assert "index-benchmark" in help_text
    listed = run(scripts, home, "collections", "--json")
    assert json.loads(listed.stdout) == {"collections": []}, listed.stderr
    notes = home / "notes.md"
    notes.write_text("# Bread\n\nFlour, water, salt and time.\n", "utf-8")
    added = run(scripts, home, "ingest", "notes.md", "--collection", "Notes", "--json")
    assert added.returncode == 0, added.stderr
    assert [file["outcome"] for file in json.loads(added.stdout)["files"]] == ["added"]
    (collection,) = home.rglob("Notes.sqlite")
    assert "embedding-explorer" in collection.relative_to(home).parts
    assert not list(scripts.parent.rglob("*.sqlite"))


def test_run_serves_the_app_with_its_theme_and_samples(scripts: Path, home: Path):
    with running(scripts, home) as port:
        with page_client(f"http://127.0.0.1:{port}") as client:
            received = client.open("models")
        kinds = [message.WhichOneof("type") for message in received]
        assert received[-1].script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        assert exceptions(received) == []
        assert kinds.count("delta") > 10
        headings = {message.delta.new_element.heading.body for message in received}
        assert "Models" in headings
        sessions = [message.new_session for message in received if message.HasField("new_session")]
        assert {session.custom_theme.light.primary_color for session in sessions} == {"#0072B2"}
    assert [path.name for path in home.rglob("*.sqlite") if path.parent.name == "collections"] == ["Sample.sqlite"]
