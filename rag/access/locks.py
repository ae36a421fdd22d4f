"""Locks: what the secrets and the environment say about who may use the app, and whether an address needs a lock."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

from rag.access.passwords import check_hash, is_password
from rag.access.person import Person, Role
from rag.errors import AccessError, first_problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter

OPEN = "EXPLORER_OPEN"
"""The environment variable that lets everybody in when it is 1."""
SHORTEST_TOKEN = 20
_WHERE = "in the section [access] of .streamlit/secrets.toml"


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """The section [access] of the secrets.

    Attributes:
        editor_password, reader_password: hashes made by `embedding-explorer password`; empty for none.
        reader_link: the token of the link that lets in readers; empty for none.
        editors: e-mail addresses, or domains ("@example.org"), that may change everything after a login.
        readers: those that may only read; without any, everybody who can log in may read.
        trust_email: whether the OIDC provider gives only verified addresses without saying so (email_verified).
    """

    editor_password: str = ""
    reader_password: str = ""
    reader_link: str = ""
    editors: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    trust_email: bool = False


@dataclass(frozen=True, slots=True)
class Locks:
    """How the app is locked; `has_login` is whether a login with OIDC is set up in the section [auth]."""

    settings: AccessSettings = AccessSettings()
    has_login: bool = False
    is_open: bool = False

    @property
    def is_set(self) -> bool:
        """Whether a person has to show who they are."""
        one = self.settings
        return self.has_login or bool(one.editor_password or one.reader_password or one.reader_link)

    @property
    def has_password(self) -> bool:
        """Whether a password lets in."""
        return bool(self.settings.editor_password or self.settings.reader_password)

    def role_of_password(self, typed: str) -> Role | None:
        """The role that the typed password gives; None if it is none of them."""
        found: Role | None = None
        if self.settings.reader_password and is_password(typed, self.settings.reader_password):
            found = "reader"
        if self.settings.editor_password and is_password(typed, self.settings.editor_password):
            found = "editor"
        return found

    def is_link(self, token: str) -> bool:
        """Whether this is the token of the link for readers."""
        expected = self.settings.reader_link
        return bool(expected) and hmac.compare_digest(token.encode(), expected.encode())

    def person_of_login(self, issuer: str, subject: str, email: str) -> Person | None:
        """The person who logged in at this OIDC provider (claims iss and sub); None if they are not let in.

        Args:
            email: an address that the provider has verified; empty without one.
        """
        role: Role = "editor" if _matches(email, self.settings.editors) else "reader"
        if role == "reader" and self.settings.readers and not _matches(email, self.settings.readers):
            return None
        owner = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:32]
        return Person(role, owner, email)


def read_locks(secrets: Mapping[str, object], environment: Mapping[str, str]) -> Locks:
    """The locks that the secrets set. Raises AccessError, so that a mistake in the secrets leaves nothing open."""
    settings = AccessSettings()
    if (given := secrets.get("access")) is not None:
        try:
            settings = _adapter().validate_python(given, extra="forbid")
        except ValueError as error:
            raise AccessError(
                f"The settings {_WHERE} cannot be used: {first_problem(error)}. They may be "
                f"{', '.join(asdict(AccessSettings()))}."
            ) from error
    _check(settings)
    return Locks(settings, has_login="auth" in secrets, is_open=_is_open(environment))


def _check(settings: AccessSettings) -> None:
    for name in ("editor_password", "reader_password"):
        if stored := getattr(settings, name):
            check_hash(stored, name)
    if settings.reader_link and len(settings.reader_link) < SHORTEST_TOKEN:
        raise AccessError(
            f"'reader_link' {_WHERE} has fewer than {SHORTEST_TOKEN} characters and could be guessed. Make one with: "
            "embedding-explorer password --link"
        )


def _is_open(environment: Mapping[str, str]) -> bool:
    value = environment.get(OPEN, "").strip()
    if value not in ("", "0", "1"):
        raise AccessError(f"{OPEN} is '{value}'. Set it to 1 to let everybody in, or unset it.")
    return value == "1"


def is_local(address: str | None) -> bool:
    """Whether a server at this address can be reached only from its own machine; none or "" means all addresses."""
    if not address:
        return False
    if address == "localhost" or address.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def refusal(address: str | None, locks: Locks) -> str:
    """Why the app is not served at this address, and what to do, in a sentence; empty if it is."""
    if locks.is_set or locks.is_open or is_local(address):
        return ""
    where = f"the address {address}" if address else "every address of this machine, at which the server listens,"
    return (
        f"The app is not started: {where} can be reached from other machines, and no lock is set. Set a password or a "
        f"login in .streamlit/secrets.toml (docs/sharing.md says how), or {OPEN}=1 to let everybody in, or the address "
        "127.0.0.1 to use the app on this machine alone."
    )


def _matches(email: str, allowed: Sequence[str]) -> bool:
    address = email.strip().lower()
    mailbox, _, domain = address.rpartition("@")
    names = {one.strip().lower() for one in allowed}
    return bool(mailbox) and (address in names or f"@{domain}" in names)


@cache
def _adapter() -> TypeAdapter[AccessSettings]:
    from pydantic import TypeAdapter

    return TypeAdapter(AccessSettings)
