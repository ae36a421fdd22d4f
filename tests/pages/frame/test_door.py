"""The door: an address that others can reach is closed without a lock, and opens with a password, a link or a login."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.session import person as session_person
from rag import config
from rag.access.passwords import Lockout
from rag.access.sign_in import SignOuts
from tests.pages.support.app import button, start, texts
from tests.support.access.locked import EDITOR_PASSWORD, READER_LINK, READER_PASSWORD, locked_secrets

LOGIN = {"auth": {"client_id": "x", "cookie_secret": "y", "redirect_uri": "http://localhost/oauth2callback"}}


@pytest.fixture(autouse=True)
def fresh_door(monkeypatch: pytest.MonkeyPatch):
    """An address that others can reach, and nobody who typed a password or logged out before."""
    monkeypatch.setattr(session_person, "address", lambda: "0.0.0.0")
    monkeypatch.setattr(session_person, "LOCKOUT", Lockout())
    monkeypatch.setattr(session_person, "SIGN_OUTS", SignOuts())
    monkeypatch.delenv("EXPLORER_OPEN", raising=False)


@pytest.fixture
def passwords() -> dict[str, object]:
    return locked_secrets()


def visit(secrets: dict[str, object], user: dict[str, object] | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(str(config.ROOT / "app.py"), default_timeout=120)
    app.secrets = secrets
    if user is not None:
        app.user = user
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["wanted-page"] = "models"
    app.run()
    assert not app.exception
    return app


def log_in(app: AppTest, password: str) -> AppTest:
    app.text_input(key="door-password").set_value(password)
    button(app, "Open").click().run()
    assert not app.exception
    return app


def is_inside(app: AppTest) -> bool:
    """Whether anything of the app is shown: it needs a workspace."""
    return "workspace" in app.session_state


def person_in(app: AppTest) -> str:
    return next((str(one.value) for one in app.caption if ":material/person:" in str(one.value)), "")


def test_without_a_lock_the_page_says_what_to_set_and_nothing_else(nothing, capfd):
    app = visit({})
    assert texts(app).startswith("The app is not started: the address 0.0.0.0 can be reached from other machines")
    assert not is_inside(app)
    assert not app.button
    assert "EXPLORER_OPEN=1" in capfd.readouterr().err


def test_everybody_is_let_in_if_that_is_said_out_loud(nothing, monkeypatch):
    monkeypatch.setenv("EXPLORER_OPEN", "1")
    assert is_inside(visit({}))


def test_on_this_machine_nothing_is_asked(nothing, monkeypatch):
    monkeypatch.setattr(session_person, "address", lambda: "127.0.0.1")
    app = start("models.py")
    assert is_inside(app)
    assert person_in(app) == ""


def test_a_lock_that_is_set_is_asked_for_on_this_machine_too(nothing, passwords, monkeypatch):
    """A proxy on the same machine may make the address reachable."""
    monkeypatch.setattr(session_person, "address", lambda: "127.0.0.1")
    assert not is_inside(visit(passwords))


@pytest.mark.parametrize(("password", "role"), [(EDITOR_PASSWORD, "Editor"), (READER_PASSWORD, "Reader")])
def test_a_password_lets_in_with_its_role(nothing, passwords, password: str, role: str):
    app = visit(passwords)
    assert not is_inside(app)
    log_in(app, "not it")
    assert "This is not the password" in texts(app)
    assert not is_inside(app)
    log_in(app, password)
    assert is_inside(app)
    assert role in person_in(app)


def test_ten_wrong_passwords_lock_every_tab(nothing, passwords):
    app = visit(passwords)
    for _ in range(10):
        log_in(app, "not it")
    other = log_in(visit(passwords), EDITOR_PASSWORD)
    assert "10 wrong passwords were typed" in texts(other)
    assert not is_inside(other)


def test_a_page_that_is_opened_without_the_app_stays_closed(nothing, passwords):
    for page in ("documents", "chat", "map"):
        app = AppTest.from_file(str(config.ROOT / "pages" / f"{page}.py"), default_timeout=120)
        app.secrets = passwords
        app.run()
        assert not is_inside(app)
        assert "Empty" not in texts(app)


def test_the_link_lets_in_readers_and_leaves_the_address(nothing, passwords):
    app = visit(passwords, reader=READER_LINK, collection="Empty")
    assert "Reader" in person_in(app)
    assert "view" not in app.query_params
    assert app.query_params["collection"] == "Empty"


def test_a_wrong_link_says_so(nothing, passwords):
    app = visit(passwords, reader=READER_LINK[::-1])
    assert "This link is not valid, or not any more" in texts(app)
    assert not is_inside(app)


def test_with_only_a_link_no_password_is_asked(nothing):
    app = visit({"access": {"reader_link": READER_LINK}})
    assert "Open the link that you were given" in texts(app)
    assert not app.text_input


def inner_page(secrets: dict[str, object]) -> AppTest:
    """A page behind the door without a sidebar, which the second run of an AppTest would not show."""
    script = """
from pages.shared.frame.door import require_person, show_person

require_person()
show_person()
"""
    app = AppTest.from_string(script, default_timeout=120)
    app.secrets = secrets
    return app.run()


def test_logging_out_locks_this_tab_and_the_others_of_the_person(nothing, passwords):
    app = log_in(inner_page(passwords), EDITOR_PASSWORD)
    other = inner_page(passwords)
    assert not person_in(other)
    for name in ("person", "person-token", "person-entered"):
        other.session_state[name] = app.session_state[name]
    assert "Editor" in person_in(other.run())
    button(app, "Log out").click().run()
    assert not person_in(app)
    assert not person_in(other.run())
    assert "Editor" in person_in(log_in(other, EDITOR_PASSWORD))


def test_a_mistake_in_the_secrets_lets_nobody_in(nothing):
    app = visit({"access": {"editor_password": "plain text"}})
    assert "is not the hash of a password" in texts(app)
    assert not is_inside(app)


def logged_in(email: str, **claims: object) -> dict[str, object]:
    who = {"is_logged_in": True, "iss": "https://login.example.org", "sub": email, "email": email}
    return {**who, "email_verified": True, **claims}


def test_a_login_lets_in_with_the_role_of_its_address(nothing):
    secrets = {**LOGIN, "access": {"editors": ["anna@example.org"]}}
    assert not is_inside(visit(secrets))
    assert person_in(visit(secrets, logged_in("anna@example.org"))).endswith("Editor")
    assert "Reader" in person_in(visit(secrets, logged_in("ben@example.org")))


def test_an_address_that_the_provider_did_not_verify_makes_no_editor(nothing):
    secrets = {**LOGIN, "access": {"editors": ["anna@example.org"]}}
    assert "Reader" in person_in(visit(secrets, logged_in("anna@example.org", email_verified=False)))
    assert "Reader" in person_in(visit(secrets, logged_in("anna@example.org", email_verified=None)))
    trusting = {**LOGIN, "access": {"editors": ["anna@example.org"], "trust_email": True}}
    without = logged_in("anna@example.org")
    del without["email_verified"]
    assert person_in(visit(trusting, without)).endswith("Editor")
    assert "Reader" in person_in(visit(trusting, logged_in("anna@example.org", email_verified=False)))


def test_a_login_that_is_on_no_list_is_refused_by_name(nothing):
    secrets = {**LOGIN, "access": {"editors": ["anna@example.org"], "readers": ["@example.org"]}}
    app = visit(secrets, logged_in("eve@elsewhere.org"))
    assert "You are logged in as eve@elsewhere.org" in texts(app)
    assert not is_inside(app)
