"""Ray is missing or does not answer: a sentence says what to do. Nothing of a session stays."""

from __future__ import annotations

import importlib.util
import os
import re
import tomllib
from contextlib import closing
from socket import socket

import pytest

from rag import config
from rag.cli.main import main
from rag.ingest.on_ray import session
from tests.conftest import lacking


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Owls hunt.")
    return str(path)


def said_by_ingest(capsys, note: str, *options: str) -> str:
    assert main(["ingest", note, "--collection", "C", "--on", "ray", *options]) == 1
    assert not (config.data_dir() / "C.sqlite").exists()
    return capsys.readouterr().err


def test_without_ray_a_sentence_says_what_to_install(capsys, note, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = said_by_ingest(capsys, note)
    assert "error: '--on ray' needs the package ray, which is not installed." in said
    assert f"pip install '{session.RAY}'" in said


def test_the_version_to_install_is_that_of_the_project():
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["optional-dependencies"]["ray"] == [session.RAY]


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nothing_answers_is_named(capsys, note, monkeypatch, scheme):
    require_ray()
    with closing(socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{bound.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    assert re.search(
        f"error: No Ray cluster could be used at RAY_ADDRESS='{re.escape(address)}': .*refused.*unset RAY_ADDRESS",
        said_by_ingest(capsys, note),
    )


@pytest.mark.parametrize("address", ["somewhere", "192.0.2.1", "192.0.2.1:port", ":6379"])
def test_an_address_without_a_port_is_refused(capsys, note, monkeypatch, address):
    require_ray()
    monkeypatch.setenv("RAY_ADDRESS", address)
    assert f"'{address}': it is not of the form host:port." in said_by_ingest(capsys, note)


def require_ray() -> None:
    if importlib.util.find_spec("ray") is None:
        lacking("the package ray is not installed")


def test_a_number_of_workers_without_ray_is_refused(capsys, note):
    assert main(["ingest", note, "--collection", "C", "--workers", "2"]) == 1
    assert "--workers is the number of Ray workers; it needs '--on ray'." in capsys.readouterr().err


def test_folders_of_killed_sessions_are_removed_and_those_of_others_stay(tmp_path, monkeypatch):
    gone, mine = tmp_path / f"{session._FOLDER}999999999-x", tmp_path / f"{session._FOLDER}{os.getpid()}-x"
    for folder in (gone, mine):
        (folder / "session").mkdir(parents=True)
    monkeypatch.setattr(session, "_PARENT", tmp_path)
    session._remove_left_folders()
    assert (gone.exists(), mine.exists()) == (False, True)
