"""Who uses this session: on this machine's own address everybody; otherwise someone who logged in, or nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag.access.locks import Locks, read_locks, refusal
from rag.access.passwords import Lockout
from rag.access.person import NEEDS_EDITOR, NOBODY, OWNER_OF_ALL, Person, identify_by
from rag.access.sign_in import SignOuts, new_person, person_of, token_for
from rag.errors import AccessError

COOKIE = "explorer_person"
"""The cookie that lets in a person again who came with a password or a link."""
_PERSON, _TOKEN, _ENTERED = "person", "person-token", "person-entered"
# Not in Streamlit's caches, which any browser can ask to clear.
LOCKOUT = Lockout()
SIGN_OUTS = SignOuts()


def address() -> str | None:
    """The address at which the server listens; None for all addresses of the machine."""
    configured: str | None = st.get_option("server.address")
    return configured


def locks() -> Locks:
    """The locks that are set now. Raises AccessError for a mistake in the secrets."""
    return read_locks(_secrets(), os.environ)


def why_closed() -> str:
    """Why nobody is let in at this address, and what to do, as a sentence; empty if that is not so."""
    return refusal(address(), locks())


def find_person() -> Person | None:
    """The person of this session; None if they are not let in, or not yet. Raises AccessError."""
    found = locks()
    if not found.is_set:
        return None if refusal(address(), found) else OWNER_OF_ALL
    return _logged_in(found) or _signed_in(found)


def may_enter() -> bool:
    """Whether the person of this session is let in."""
    return _identify_in_page() != NOBODY


def is_editor() -> bool:
    """Whether the person of this session may change something."""
    return _identify_in_page().is_editor


def why_not_editor() -> str:
    """Why this person cannot make changes, and what to do, as a sentence; empty if they can."""
    return "" if is_editor() else f"{NEEDS_EDITOR[0].upper()}{NEEDS_EDITOR[1:]}"


def sign_in_by_password(typed: str) -> bool:
    """Let in a person with this password; False if it is wrong. Raises AccessError while tries are locked."""
    found = locks()
    roles = []

    def is_correct() -> bool:
        roles.append(found.role_of_password(typed))
        return roles[0] is not None

    if not LOCKOUT.attempt(is_correct) or (role := roles[0]) is None:
        return False
    person = new_person(role)
    _keep(person, token_for(person, found))
    return True


def sign_in_by_link(token: str) -> bool:
    """Let in a reader with the token of a link, or someone who is in already; False if it is not the token."""
    found = locks()
    if not found.is_link(token):
        return False
    if find_person() is None:
        person = new_person("reader")
        _keep(person, token_for(person, found, by_link=True))
    return True


def sign_out(person: Person) -> None:
    """Lock this session, and the person's other tabs at their next run."""
    SIGN_OUTS.note(person.owner)
    st.session_state.clear()
    st.session_state[_TOKEN] = ""


def cookie_to_write() -> str | None:
    """The token for the browser to keep; "" to forget it; None for no change."""
    kept: str | None = st.session_state.get(_TOKEN)
    return kept


def is_logged_in() -> bool:
    """Whether the browser has a login of the OIDC provider, whoever it is."""
    return bool(_claims().get("is_logged_in"))


def login_name() -> str:
    """The e-mail address of the login, or another name for it."""
    claims = _claims()
    return str(claims.get("email") or claims.get("name") or claims.get("sub") or "")


def _keep(person: Person, token: str) -> None:
    st.session_state[_PERSON], st.session_state[_TOKEN] = person, token
    st.session_state[_ENTERED] = SIGN_OUTS.now()


def _logged_in(found: Locks) -> Person | None:
    """The person who logged in with OIDC and has not logged out since, in whatever tab."""
    claims = _claims()
    if not (found.has_login and claims.get("is_logged_in")):
        return None
    is_verified = claims.get("email_verified", found.settings.trust_email) is True
    email = str(claims.get("email") or "") if is_verified else ""
    person = found.person_of_login(str(claims.get("iss")), str(claims.get("sub")), email)
    return person if person and not _left(person) else None


def _signed_in(found: Locks) -> Person | None:
    """The person who came with a password or a link: in this session, or as the cookie says."""
    person: Person | None = st.session_state.get(_PERSON)
    if person is not None:
        return None if _left(person) or not _is_current(found) else person
    token = st.context.cookies.get(COOKIE, "")
    return person_of(token, found, SIGN_OUTS) if token and not _has_left() else None


def _is_current(found: Locks) -> bool:
    """Whether the password or link with which this session was entered still lets in."""
    return person_of(st.session_state[_TOKEN], found, SIGN_OUTS) is not None


def _has_left() -> bool:
    return st.session_state.get(_TOKEN) == ""


def _left(person: Person) -> bool:
    entered = st.session_state.setdefault(_ENTERED, SIGN_OUTS.now())
    return SIGN_OUTS.since(person.owner, entered)


def _claims() -> Mapping[str, object]:
    return st.user.to_dict()


def _secrets() -> Mapping[str, object]:
    try:
        return st.secrets.to_dict()
    except StreamlitSecretNotFoundError as error:
        if error.error_id == "no-secrets-found":
            return {}
        raise AccessError(
            f"The secrets could not be read, so nobody is let in: {error} Correct the file, or remove it."
        ) from error


def _identify() -> Person | None:
    return None if get_script_run_ctx(suppress_warning=True) is None else _identify_in_page()


def _identify_in_page() -> Person:
    try:
        return find_person() or NOBODY
    except AccessError:
        return NOBODY


identify_by(_identify)
