"""Passwords: hashed with scrypt, compared in constant time, and locked for a minute after ten wrong tries."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable

from rag.errors import AccessError

SHORTEST_PASSWORD = 12
MOST_WRONG_TRIES = 10
LOCKED_SECONDS = 60.0
# OWASP's Password Storage Cheat Sheet: N=2**15, r=8, p=3 costs 32 MB and about a fifth of a second.
_COST, _BLOCK_SIZE, _PARALLEL = 2**15, 8, 3
_MOST_MEMORY = 256 * 1024 * 1024
_MOST_BLOCKS = 1024
_BYTES = 32
_STORED = re.compile(r"scrypt\$(\d{1,8})\$(\d{1,2})\$(\d{1,2})\$([\w+/=]+)\$([\w+/=]+)", re.ASCII)


def hash_password(password: str) -> str:
    """The hash to store: "scrypt$N$r$p$salt$hash" (RFC 7914). Raises AccessError if the password is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccessError(f"The password has {len(password)} characters. Use at least {SHORTEST_PASSWORD}.")
    salt = secrets.token_bytes(16)
    found = _scrypt(password, salt, _COST, _BLOCK_SIZE, _PARALLEL)
    return f"scrypt${_COST}${_BLOCK_SIZE}${_PARALLEL}${_encoded(salt)}${_encoded(found)}"


def check_hash(stored: str, name: str) -> None:
    """Raise AccessError if `stored`, the value of the setting `name`, was not made by `hash_password`."""
    if not _is_hash(stored):
        raise AccessError(
            f"'{name}' in the secrets is not the hash of a password. Make one with: embedding-explorer password"
        )


def _is_hash(stored: str) -> bool:
    match = _STORED.fullmatch(stored)
    if match is None:
        return False
    cost, block_size, parallel = (int(one) for one in match.groups()[:3])
    is_power = cost > 1 and cost & (cost - 1) == 0
    fits = 128 * cost * block_size < _MOST_MEMORY and 0 < block_size * parallel < _MOST_BLOCKS
    try:
        salt, found = (base64.b64decode(one, validate=True) for one in match.groups()[3:])
    except binascii.Error:
        return False
    return is_power and fits and bool(salt) and len(found) == _BYTES


def is_password(typed: str, stored: str) -> bool:
    """Whether the typed password is the one of this hash, which `check_hash` accepts."""
    _, cost, block_size, parallel, salt, expected = stored.split("$")
    found = _scrypt(typed, base64.b64decode(salt), int(cost), int(block_size), int(parallel))
    return hmac.compare_digest(found, base64.b64decode(expected))


def _scrypt(password: str, salt: bytes, cost: int, block_size: int, parallel: int) -> bytes:
    # The same letter can be typed as one character or as two.
    typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=salt, n=cost, r=block_size, p=parallel, maxmem=_MOST_MEMORY, dklen=_BYTES)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


class Lockout:
    """Counts wrong tries of the whole process; after ten of them no try is looked at for one minute.

    A correct try does not change the count, or someone who knows one password could try another without end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Held during a try, so that tries at the same time are counted one by one.
        self._lock = threading.Lock()
        self._wrong = 0
        self._locked_until = 0.0

    def seconds_left(self) -> float:
        """Seconds until the next try is looked at; 0 if it is at once."""
        return max(0.0, self._locked_until - self._clock())

    def attempt(self, is_correct: Callable[[], bool]) -> bool:
        """Whether the try is correct. Raises AccessError, without looking at it, while tries are locked."""
        with self._lock:
            if left := self.seconds_left():
                raise AccessError(
                    f"{MOST_WRONG_TRIES} wrong passwords were typed, so none is accepted now. Try again in "
                    f"{max(1, round(left))} seconds."
                )
            if is_correct():
                return True
            self._wrong += 1
            if self._wrong >= MOST_WRONG_TRIES:
                self._wrong, self._locked_until = 0, self._clock() + LOCKED_SECONDS
            return False
