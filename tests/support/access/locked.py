"""Secrets that lock the app in tests, with passwords whose hashes take no time."""

from __future__ import annotations

from unittest.mock import patch

from rag.access import passwords

EDITOR_PASSWORD, READER_PASSWORD = "the editors' password", "the readers' password"
READER_LINK = "0123456789abcdefghij"


def quick_hash(password: str) -> str:
    """The hash of a password at the lowest cost."""
    with patch.multiple(passwords, _COST=2, _PARALLEL=1):
        return passwords.hash_password(password)


def locked_secrets() -> dict[str, object]:
    """Secrets with a password for editors, one for readers, and a link."""
    return {
        "access": {
            "editor_password": quick_hash(EDITOR_PASSWORD),
            "reader_password": quick_hash(READER_PASSWORD),
            "reader_link": READER_LINK,
        }
    }
