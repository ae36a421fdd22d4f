"""Fixtures of the tests of the Evaluate page."""

from __future__ import annotations

import pytest

from pages.shared.evaluate import opening


@pytest.fixture(autouse=True)
def no_first_run(monkeypatch):
    """No run begins before it is asked for; `test_opening.py` tests the one that does."""
    monkeypatch.setattr(opening, "MOST_CHUNKS", 0)
