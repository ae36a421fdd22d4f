"""Starting the app: an address that other machines can reach needs a lock, however it was set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rag import config
from rag.access.passwords import is_password
from rag.cli.main import main


def start(folder: Path, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`run`, with the settings in this folder, to its end."""
    removed = {"EXPLORER_OPEN", "STREAMLIT_SERVER_ADDRESS"}
    inherited = {name: value for name, value in os.environ.items() if name not in removed}
    return subprocess.run(
        [sys.executable, "-m", "rag", "run", *flags], cwd=folder, capture_output=True, text=True, timeout=120,
        env={**inherited, "PYTHONPATH": str(config.ROOT), **environment}, check=False,
    )  # fmt: skip


def test_an_address_for_all_machines_is_refused_with_one_sentence(tmp_path: Path):
    ended = start(tmp_path, "--server.address", "0.0.0.0")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("The app is not started: the address 0.0.0.0 can be reached from other machines")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "environment"), [(["--server.address", ""], {}), ([], {"STREAMLIT_SERVER_ADDRESS": "192.168.7.7"})]
)
def test_so_are_all_addresses_and_one_from_the_environment(tmp_path: Path, flags, environment: dict[str, str]):
    ended = start(tmp_path, *flags, **environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "can be reached from other machines, and no lock is set" in ended.stderr


@pytest.mark.slow
def test_secrets_that_cannot_be_read_are_said_at_the_start(tmp_path: Path):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("[access\n", "utf-8")
    ended = start(tmp_path, "--server.address", "0.0.0.0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "The secrets could not be read, so nobody is let in" in ended.stderr


class Input:
    """Standard input that is no terminal."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        return self._line


@pytest.mark.parametrize(("flags", "name"), [([], "editor_password"), (["--reader"], "reader_password")])
def test_the_command_prints_a_line_for_the_secrets(flags, name: str, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Input("correct horse battery\n"))
    assert main(["password", *flags]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f'{name} = "scrypt$')
    assert is_password("correct horse battery", printed.strip().partition(" = ")[2].strip('"'))


def test_a_password_that_is_too_short_gets_no_hash(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Input("short\n"))
    assert main(["password"]) == 1
    assert capsys.readouterr().out == ""


def test_a_link_has_a_long_random_token(capsys):
    tokens = []
    for _ in range(2):
        assert main(["password", "--link"]) == 0
        tokens.append(capsys.readouterr().out.strip().removeprefix('reader_link = "').strip('"'))
    assert len(set(tokens)) == 2
    assert all(len(token) > 40 for token in tokens)
