"""Sign-in tokens: a signed cookie value that lets a person in again after a reload, and the list of log-outs."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from secrets import token_hex

from itsdangerous import BadSignature, URLSafeTimedSerializer

from rag.access.locks import Locks
from rag.access.person import Person, Role

KEPT_SECONDS = 30 * 24 * 3600
"""How long a token is valid."""


def new_person(role: Role) -> Person:
    """A person whom a password or a link lets in, with a new random id."""
    return Person(role, owner=token_hex(16))


def token_for(person: Person, locks: Locks, *, by_link: bool = False) -> str:
    """A token that lets this person in again.

    It is signed with the stored password or link that let the person in: a new password makes the token invalid.
    """
    name = "reader_link" if by_link else f"{person.role}_password"
    secret = next(secret for known, _, secret in _secrets(locks) if known == name)
    return str(_signer(name, secret).dumps(person.owner))


def person_of(token: str, locks: Locks, sign_outs: SignOuts) -> Person | None:
    """The person of a token; None if it is invalid, older than 30 days, or of someone who logged out since."""
    for name, role, secret in _secrets(locks):
        try:
            owner, made = _signer(name, secret).loads(token, max_age=KEPT_SECONDS, return_timestamp=True)
        except BadSignature:
            continue
        if isinstance(owner, str) and owner and not sign_outs.since(owner, made.timestamp()):
            return Person(role, owner)
    return None


def _secrets(locks: Locks) -> Iterator[tuple[str, Role, str]]:
    """Name, role and value of each secret that is set."""
    settings = locks.settings
    found: tuple[tuple[str, Role, str], ...] = (
        ("editor_password", "editor", settings.editor_password),
        ("reader_password", "reader", settings.reader_password),
        ("reader_link", "reader", settings.reader_link),
    )
    return (one for one in found if one[2])


def _signer(name: str, secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret, salt=f"embedding-explorer {name}", signer_kwargs={"digest_method": hashlib.sha256}
    )


class SignOuts:
    """When each person last logged out, in this process; tabs that were opened before are locked then."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, float] = {}

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def note(self, owner: str) -> None:
        """The person logs out; log-outs that no valid token is older than are forgotten."""
        now = self._clock()
        with self._lock:
            self._times = {known: when for known, when in self._times.items() if now - when < KEPT_SECONDS}
            self._times[owner] = now

    def since(self, owner: str, entered: float) -> bool:
        """Whether the person logged out at this time (seconds since the epoch) or later."""
        with self._lock:
            when = self._times.get(owner)
        return when is not None and entered <= when
