"""The command `password`: make the hash of a password, or the link for readers, for the secrets of a shared address."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys

from rag.access.passwords import hash_password
from rag.cli.common import Commands
from rag.errors import AccessError

_TOKEN_BYTES = 32


def add_commands(commands: Commands) -> None:
    """Add `password`."""
    password = commands.add_parser(
        "password",
        help="make the hash of a password, or a link for readers, for .streamlit/secrets.toml",
        description="Asks for a password and prints the line for the section [access] of .streamlit/secrets.toml. "
        "The password itself is stored nowhere. docs/sharing.md says how to use it.",
    )
    password.add_argument("--reader", action="store_true", help="a password that lets in readers, not editors")
    password.add_argument("--link", action="store_true", help="make the token of a link for readers; asks nothing")
    password.set_defaults(command=_password)


def _password(options: argparse.Namespace) -> int:
    if options.link:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        print(f'reader_link = "{token}"')
        print(f"The link is the address of the app followed by ?reader={token}", file=sys.stderr)
        return 0
    name = "reader_password" if options.reader else "editor_password"
    print(f'{name} = "{hash_password(_typed())}"')
    return 0


def _typed() -> str:
    """The password: typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass("Password: ")
    if getpass.getpass("The same password again: ") != typed:
        raise AccessError("The two passwords differ. Run the command again.")
    return typed
