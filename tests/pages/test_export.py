"""What "Export to one file" gives, with a collection's conversations and without."""

from __future__ import annotations

import pytest
import streamlit as st

from rag.conversations.store import Conversations
from rag.transfer.files import import_collection
from tests.pages.support.app import labelled, start
from tests.support.answers import made_answer, made_turn


@pytest.mark.parametrize("goes_along", [True, False])
def test_conversations_go_along_unless_they_are_left_out(sample, data_dir, tmp_path, monkeypatch, goes_along):
    conversations = Conversations(sample)
    conversations.add(conversations.create(), made_turn(made_answer()))
    offered = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, **_: offered.update({label: data}))
    app = start("documents.py")
    box = labelled(app.checkbox, "With its conversations")
    assert box.value
    box.set_value(goes_along).run()
    assert not app.exception
    exported = tmp_path / "export"
    exported.write_bytes(offered["Export to one file"]())
    back = import_collection(data_dir, exported, "Back")
    assert back.n_chunks() == sample.n_chunks()
    assert len(Conversations(back).list()) == goes_along
