"""Locks: which addresses need one, what the secrets set, and which role a password, a link or a login gives."""

from __future__ import annotations

import pytest

from rag.access.locks import Locks, is_local, read_locks, refusal
from rag.errors import AccessError
from tests.support.access.locked import EDITOR_PASSWORD, READER_LINK, READER_PASSWORD, locked_secrets


@pytest.fixture
def locked() -> Locks:
    return read_locks(locked_secrets(), {})


def with_login(**access: object) -> Locks:
    return read_locks({"auth": {"client_id": "x"}, "access": access}, {})


def role(locks: Locks, email: str) -> str | None:
    person = locks.person_of_login("https://login.example.org", "1234", email)
    return person and person.role


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]", "unix:///run/app.sock"])
def test_an_address_of_this_machine_needs_no_lock(address: str):
    assert is_local(address)
    assert refusal(address, Locks()) == ""


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.20", "example.org", "localhost.example.org"])
def test_any_other_address_is_refused_without_a_lock(address: str | None, locked: Locks):
    why = refusal(address, Locks())
    assert "can be reached from other machines, and no lock is set" in why
    assert (address or "every address") in why
    assert "EXPLORER_OPEN=1" in why
    assert refusal(address, locked) == ""
    assert refusal(address, with_login()) == ""
    assert refusal(address, read_locks({}, {"EXPLORER_OPEN": "1"})) == ""


def test_without_secrets_nothing_is_locked():
    assert not read_locks({}, {}).is_set
    assert not read_locks({"access": {}}, {"EXPLORER_OPEN": "1"}).is_set
    assert not read_locks({}, {"EXPLORER_OPEN": "0"}).is_open


def test_a_password_gives_its_role(locked: Locks):
    assert locked.is_set
    assert locked.role_of_password(EDITOR_PASSWORD) == "editor"
    assert locked.role_of_password(READER_PASSWORD) == "reader"
    assert locked.role_of_password(READER_LINK) is None
    assert with_login().role_of_password("") is None


def test_only_the_token_is_the_link(locked: Locks):
    assert locked.is_link(READER_LINK)
    assert not locked.is_link(READER_LINK[:-1])
    assert not locked.is_link("ünïcode")
    assert not with_login().is_link("")


def test_a_login_gives_the_role_of_its_address():
    locks = with_login(editors=["anna@example.org", "@edit.example.org"])
    assert role(locks, "anna@example.org") == "editor"
    assert role(locks, "ANNA@Example.org ") == "editor"
    assert role(locks, "ben@edit.example.org") == "editor"
    assert role(locks, "anna@example.org.evil.net") == "reader"
    assert role(locks, "ben@other.edit.example.org") == "reader"
    assert role(locks, "edit.example.org") == "reader"
    assert role(locks, "@edit.example.org") == "reader"
    assert role(locks, "") == "reader"


def test_with_a_list_of_readers_all_others_are_refused():
    locks = with_login(editors=["anna@example.org"], readers=["@example.org"])
    assert role(locks, "anna@example.org") == "editor"
    assert role(locks, "ben@example.org") == "reader"
    assert role(locks, "eve@elsewhere.org") is None
    assert role(locks, "") is None


def test_a_login_owns_by_issuer_and_subject_not_by_address():
    owners = {
        with_login().person_of_login(issuer, subject, email).owner
        for issuer, subject, email in [("a", "1", "x@x.org"), ("a", "1", "y@y.org"), ("b", "1", ""), ("a", "2", "")]
    }
    assert len(owners) == 3
    assert all(len(owner) == 32 for owner in owners)


@pytest.mark.parametrize(
    ("secrets", "environment", "said"),
    [
        ({"access": {"editor_pasword": "x"}}, {}, "editor_pasword"),
        ({"access": "secret"}, {}, r"\[access\] of .streamlit/secrets.toml cannot be used"),
        ({"access": {"editors": "anna@example.org"}}, {}, "editors"),
        ({"access": {"editor_password": "plain text"}}, {}, "embedding-explorer password"),
        ({"access": {"reader_link": "short"}}, {}, "could be guessed"),
        ({}, {"EXPLORER_OPEN": "yes"}, "EXPLORER_OPEN is 'yes'. Set it to 1"),
    ],
)
def test_a_mistake_is_said_and_opens_nothing(secrets: dict[str, object], environment: dict[str, str], said: str):
    with pytest.raises(AccessError, match=said):
        read_locks(secrets, environment)
