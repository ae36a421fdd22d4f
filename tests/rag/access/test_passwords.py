"""Passwords are stored hashed and compared in constant time, and ten wrong tries lock for a minute."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import unicodedata

import pytest

from rag.access import passwords
from rag.access.passwords import LOCKED_SECONDS, Lockout, check_hash, hash_password, is_password
from rag.errors import AccessError

PASSWORD = "correct horse battery"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lockout(clock: Clock) -> Lockout:
    return Lockout(clock)


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password(PASSWORD)


def test_only_the_password_opens(stored: str):
    check_hash(stored, "editor_password")
    assert is_password(PASSWORD, stored)
    assert not is_password(PASSWORD + " ", stored)
    assert not is_password("", stored)
    assert PASSWORD not in stored
    assert hash_password(PASSWORD) != stored


def test_the_hash_is_that_of_scrypt(stored: str):
    name, cost, block_size, parallel, salt, found = stored.split("$")
    expected = hashlib.scrypt(
        PASSWORD.encode(), salt=base64.b64decode(salt), n=int(cost), r=int(block_size), p=int(parallel),
        maxmem=2**28, dklen=32,
    )  # fmt: skip
    assert (name, base64.b64decode(found)) == ("scrypt", expected)


def test_a_letter_with_an_accent_may_be_typed_in_two_ways():
    word = "Grüße aus der Küche"
    assert is_password(unicodedata.normalize("NFD", word), hash_password(word))


def test_hashes_are_compared_in_constant_time(stored: str, monkeypatch: pytest.MonkeyPatch):
    compared: list[tuple[bytes, bytes]] = []
    compare_digest = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare_digest(one, other)

    monkeypatch.setattr(passwords.hmac, "compare_digest", compare)
    assert is_password(PASSWORD, stored)
    assert not is_password("something else", stored)
    assert [len(one) for pair in compared for one in pair] == [32] * 4


def test_a_short_password_is_refused():
    with pytest.raises(AccessError, match=r"has 8 characters. Use at least 12"):
        hash_password("12345678")


@pytest.mark.parametrize(
    "damaged",
    [
        PASSWORD,
        "scrypt$32768$8$3$!!$!!",
        "scrypt$3$8$3$QUFB$QUFB",
        "scrypt$99999999$8$3$QUFB$" + base64.b64encode(b"0" * 32).decode(),
        "scrypt$32768$0$3$QUFB$" + base64.b64encode(b"0" * 32).decode(),
        "scrypt$32768$8$3$QUF$" + base64.b64encode(b"0" * 32).decode(),
    ],
)
def test_what_is_not_a_hash_is_said_at_once(damaged: str):
    with pytest.raises(AccessError, match="'reader_password' in the secrets is not the hash of a password"):
        check_hash(damaged, "reader_password")


def wrong(lockout: Lockout, times: int) -> None:
    for _ in range(times):
        assert not lockout.attempt(lambda: False)


def test_ten_wrong_tries_lock_for_a_minute(lockout: Lockout, clock: Clock):
    wrong(lockout, 9)
    assert lockout.attempt(lambda: True)
    wrong(lockout, 1)
    looked_at: list[str] = []
    clock.now += LOCKED_SECONDS - 0.5
    with pytest.raises(AccessError, match=r"10 wrong passwords were typed.* Try again in 1 seconds"):
        lockout.attempt(lambda: bool(looked_at.append("looked")) or True)
    assert looked_at == []
    clock.now += 0.5
    assert lockout.attempt(lambda: True)
    wrong(lockout, 9)
    assert lockout.seconds_left() == 0
    wrong(lockout, 1)
    assert lockout.seconds_left() == LOCKED_SECONDS


def test_tries_in_many_tabs_are_counted_together(lockout: Lockout):
    looked_at: list[int] = []
    locked: list[int] = []

    def guess(number: int) -> None:
        try:
            lockout.attempt(lambda: bool(looked_at.append(number)))
        except AccessError:
            locked.append(number)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(looked_at), len(locked)) == (10, 15)
