"""Sign-in tokens let the same person in again, until the password changes, 30 days pass, or they log out."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from rag.access.locks import AccessSettings, Locks
from rag.access.sign_in import KEPT_SECONDS, SignOuts, new_person, person_of, token_for
from tests.support.access.locked import EDITOR_PASSWORD, READER_LINK, READER_PASSWORD, quick_hash

LOCKS = Locks(
    AccessSettings(
        editor_password=quick_hash(EDITOR_PASSWORD),
        reader_password=quick_hash(READER_PASSWORD),
        reader_link=READER_LINK,
    )
)


@pytest.mark.parametrize(("role", "by_link"), [("editor", False), ("reader", False), ("reader", True)])
def test_a_token_lets_the_same_person_in_again(role, by_link: bool):
    person = new_person(role)
    assert person != new_person(role)
    token = token_for(person, LOCKS, by_link=by_link)
    assert person_of(token, LOCKS, SignOuts()) == person


def test_a_changed_token_lets_nobody_in():
    token = token_for(new_person("reader"), LOCKS)
    assert person_of(token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB"), LOCKS, SignOuts()) is None
    assert person_of("", LOCKS, SignOuts()) is None
    assert person_of("nonsense", LOCKS, SignOuts()) is None


def test_a_reader_cannot_make_an_editor_of_their_token():
    settings = LOCKS.settings
    forged = replace(settings, editor_password=settings.reader_password, reader_password="")
    token = token_for(new_person("editor"), Locks(forged))
    assert person_of(token, LOCKS, SignOuts()) is None


def test_a_new_password_or_link_makes_its_tokens_invalid():
    person = new_person("editor")
    token = token_for(person, LOCKS)
    link = token_for(new_person("reader"), LOCKS, by_link=True)
    changed = Locks(replace(LOCKS.settings, editor_password=quick_hash(EDITOR_PASSWORD), reader_link=""))
    assert person_of(token, changed, SignOuts()) is None
    assert person_of(link, changed, SignOuts()) is None
    assert person_of(token_for(person, changed), changed, SignOuts()) == person


def test_a_token_is_valid_for_thirty_days(monkeypatch: pytest.MonkeyPatch):
    person, now = new_person("editor"), time.time()
    token = token_for(person, LOCKS)
    monkeypatch.setattr(time, "time", lambda: now + KEPT_SECONDS - 60)
    assert person_of(token, LOCKS, SignOuts()) == person
    monkeypatch.setattr(time, "time", lambda: now + KEPT_SECONDS + 60)
    assert person_of(token, LOCKS, SignOuts()) is None


def test_logging_out_ends_tokens_and_tabs_that_were_there_before():
    times = iter([1000.0, 1001.0])
    sign_outs = SignOuts(lambda: next(times))
    sign_outs.note("anna")
    assert sign_outs.since("anna", 999.0)
    assert sign_outs.since("anna", 1000.0)
    assert not sign_outs.since("anna", 1000.5)
    assert not sign_outs.since("ben", 0.0)
    sign_outs.note("anna")
    assert sign_outs.since("anna", 1000.5)


def test_a_token_of_someone_who_logged_out_lets_nobody_in():
    person = new_person("reader")
    token = token_for(person, LOCKS)
    sign_outs = SignOuts()
    sign_outs.note(person.owner)
    assert person_of(token, LOCKS, sign_outs) is None
