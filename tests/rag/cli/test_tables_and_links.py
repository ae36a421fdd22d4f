"""Folders on the command line: columns that are left out, ids found by meaning, an outcome for each link."""

from __future__ import annotations

import os

import pytest

from rag.cli.main import main
from tests.rag.cli.test_main import run

NOTE = "The pump in yard {i} does not start after the frost and hums loudly when it is switched on."


def test_a_column_is_left_out_and_a_ticket_is_found_by_its_number(capsys, tmp_path):
    table = tmp_path / "tickets.csv"
    table.write_text("\n".join(["ticket,password,note", *(f"T-{i},secret{i},{NOTE.format(i=i)}" for i in range(60))]))
    code, result = run(capsys, "ingest", str(table), "--collection", "T", "--ignore-column", "password")
    assert code == 0
    assert result["files"][0]["reason"] == "Column 'password' was left out, as chosen."
    code, result = run(capsys, "search", "T-37", "--collection", "T", "--mode", "dense", "-k", "2")
    assert [hit["label"] for hit in result["hits"]] == ["ticket: T-37", ""]
    assert "yard 37 " in result["hits"][0]["text"]
    assert main(["search", "T-37", "--collection", "T", "--mode", "dense", "-k", "1"]) == 0
    assert "(matches the label ticket: T-37)" in capsys.readouterr().out
    code, result = run(capsys, "search", "secret37", "--collection", "T", "--mode", "keyword")
    assert result["hits"] == []
    code, result = run(capsys, "ingest", str(table), "--collection", "T", "--ignore-column", "pasword")
    assert code == 1
    assert "has no column 'pasword'" in result["files"][0]["reason"]


@pytest.mark.skipif(os.name == "nt", reason="links are those of Unix")
def test_links_that_lead_nowhere_or_out_of_the_folder_have_an_outcome_each(capsys, tmp_path):
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    for folder in (tree, elsewhere):
        folder.mkdir()
    (tree / "real.txt").write_text("Owls hunt at night.")
    (elsewhere / "outside.txt").write_text("Moles dig tunnels.")
    links = {"dead.txt": "nowhere.txt", "out.txt": "../elsewhere/outside.txt", "away": "../elsewhere", "loop": "loop"}
    for name, target in links.items():
        (tree / name).symlink_to(target)
    code, result = run(capsys, "ingest", str(tree), "--collection", "L")
    assert code == 1
    found = {file["path"].rpartition("/")[2]: (file["outcome"], file["reason"]) for file in result["files"]}
    assert found["real.txt"] == ("added", "")
    for name, said in (
        ("dead.txt", "where there is no file"),
        ("out.txt", "out of the folder"),
        ("away", "out of the folder"),
        ("loop", "leads back to itself"),
    ):
        outcome, reason = found[name]
        assert outcome == "failed"
        assert said in reason
    assert len(found) == 5
