"""The file that "Export to a file" saves, with and without the conversations of a collection."""

from __future__ import annotations

import pytest
import streamlit as st

from rag.conversations.store import Conversations
from rag.transfer.files import import_collection
from tests.pages.support.app import labelled, open_dialog
from tests.support.answers import made_answer, made_turn


@pytest.mark.parametrize("included", [True, False])
def test_conversations_are_exported_unless_turned_off(sample, data_dir, tmp_path, monkeypatch, included):
    conversations = Conversations(sample)
    conversations.add(conversations.create(), made_turn(made_answer()))
    offered = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, **_: offered.update({label: data}))
    app = open_dialog("_export")
    box = labelled(app.checkbox, "Include conversations")
    assert box.value
    box.set_value(included).run()
    assert not app.exception
    exported = tmp_path / "export"
    exported.write_bytes(offered["Download"]())
    back = import_collection(data_dir, exported, "Back")
    assert back.n_chunks() == sample.n_chunks()
    assert len(Conversations(back).list()) == included
