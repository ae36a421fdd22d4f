"""What every page test starts from."""

from __future__ import annotations

import pytest
import streamlit as st

from pages.shared.resources import job_board


@pytest.fixture(autouse=True)
def fresh_caches(monkeypatch):
    """No Ollama unless a test wants it, and nothing cached from the test before."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    st.cache_data.clear()
    job_board.clear()
