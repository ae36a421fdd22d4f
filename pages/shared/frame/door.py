"""The door: the page that asks for a password or a login, and the control for logging out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.components import v2

from pages.shared.session.person import (
    COOKIE,
    cookie_to_write,
    find_person,
    is_logged_in,
    locks,
    login_name,
    sign_in_by_link,
    sign_in_by_password,
    sign_out,
    why_closed,
)
from pages.shared.widgets.common import escaped, show_error
from rag.access.person import OWNER_OF_ALL, Person
from rag.access.sign_in import KEPT_SECONDS
from rag.errors import AccessError, ExplorerError

READER = "reader"
"""The parameter of the address that holds the token of a link for readers."""
_FIELD, _PROBLEM = "door-password", "door-problem"
_WIDTH = 420
_cookie = v2.component("sign_in_cookie", js=Path(__file__).with_name("sign_in_cookie.js").read_text(encoding="utf-8"))
_said: set[str] = set()


def require_person() -> None:
    """Let in the person of this session; for anybody else, ask who they are and stop."""
    try:
        _follow_link()
        person = find_person()
        if person is None:
            _show_door()
    except ExplorerError as error:
        show_error(error)
        st.stop()
    _write_cookie()
    if person is None:
        st.stop()


def show_person() -> None:
    """In the sidebar: the role of the person, and the way out; nothing if the app has no lock."""
    person = find_person()
    if person is None or person == OWNER_OF_ALL:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        role = "Editor" if person.is_editor else "Reader: look, search and chat"
        st.caption(f":material/person: {escaped(person.name)} {role}".replace("  ", " "))
        if st.button("Log out", type="tertiary", icon=":material/logout:", key="log-out"):
            _log_out(person)


def _log_out(person: Person) -> None:
    by_login = is_logged_in()
    sign_out(person)
    if by_login:
        st.logout()
    st.rerun()


def _follow_link() -> None:
    """Let in a reader whose address has the token of a link, which is taken out of the address."""
    token = st.query_params.get(READER)
    if token is None:
        return
    del st.query_params[READER]
    if not sign_in_by_link(token) and find_person() is None:
        st.session_state[_PROBLEM] = AccessError(
            "This link is not valid, or not any more. Ask the person who sent it for a new one."
        )


def _write_cookie() -> None:
    if (token := cookie_to_write()) is not None:
        path = f"/{(st.get_option('server.baseUrlPath') or '').strip('/')}"
        seconds = KEPT_SECONDS if token else 0
        _cookie(key="sign-in-cookie", data={"name": COOKIE, "value": token, "seconds": seconds, "path": path}, height=0)


def _show_door() -> None:
    """The reason why nobody is let in, or the ways to log in."""
    if closed := why_closed():
        _say_once(closed)
        st.error(escaped(closed), icon=":material/lock:")
        return
    found = locks()
    with st.container(horizontal_alignment="center"), st.container(width=_WIDTH):
        st.title("Embedding Explorer")
        st.caption("See what embeddings do. This address is locked.")
        if found.has_login:
            _show_logins()
        if found.has_password:
            _show_password()
        if not (found.has_login or found.has_password):
            st.info("Open the link that you were given to see this app.", icon=":material/link:")
        if problem := st.session_state.pop(_PROBLEM, None):
            show_error(problem)


def _say_once(sentence: str) -> None:
    """Print a sentence on the terminal of the server, the first time."""
    if sentence not in _said:
        _said.add(sentence)
        print(sentence, file=sys.stderr)


def _show_password() -> None:
    with st.form("door", border=False):
        st.text_input("Password", type="password", key=_FIELD, autocomplete="current-password")
        st.form_submit_button("Open", type="primary", on_click=_try_password, width="stretch")


def _try_password() -> None:
    try:
        if not sign_in_by_password(st.session_state[_FIELD]):
            raise AccessError("This is not the password. Type it again.")
    except AccessError as error:
        st.session_state[_PROBLEM] = error


def _show_logins() -> None:
    """A button for each provider; for someone who logged in but is not let in, the reason."""
    if is_logged_in():
        name = login_name()
        st.warning(
            f"You are logged in as {escaped(name)}, but this address is not let in, or you logged out in another tab. "
            "Log in again, or ask the person who runs this app.",
            icon=":material/lock:",
        )
    for provider, label in _providers().items():
        if st.button(label, key=f"log-in-{provider}", type="primary", icon=":material/login:", width="stretch"):
            st.login(provider or None)


def _providers() -> Mapping[str, str]:
    """The providers of the section [auth], with a label for the button of each."""
    named = [name for name, value in st.secrets["auth"].items() if isinstance(value, Mapping) and "client_id" in value]
    return {name: f"Log in with {name}" for name in named} or {"": "Log in"}
