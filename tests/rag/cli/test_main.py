"""The command line: one JSON object on standard output, and exit codes that tell."""

from __future__ import annotations

import csv
import json
import sys

import pytest

from rag import config
from rag.cli import run as run_command
from rag.cli.main import main


def run(capsys, *arguments: str):
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_ingest_search_map(capsys, tmp_path):
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing")
    handbook = str(config.SAMPLES / "handbook")
    code, result = run(capsys, "ingest", handbook, str(bad), "--collection", "H")
    assert code == 1
    assert [file["outcome"] for file in result["files"]].count("added") == 11
    assert "bad.pdf" in result["files"][-1]["reason"]
    code, result = run(capsys, "search", "door code", "--collection", "H", "-k", "3")
    assert code == 0
    assert [hit["rank"] for hit in result["hits"]] == [1, 2, 3]
    assert result["weighing"].startswith("Meaning counts 60%, words 32%, and parts of words 8%.")
    assert [set(hit["found_by"]) >= {"dense", "keyword"} for hit in result["hits"]] == [True] * 3
    code, result = run(capsys, "search", "door code", "--collection", "H", "--mode", "dense", "-k", "2")
    assert (code, len(result["hits"]), result["weighing"]) == (0, 2, "")
    output = tmp_path / "map.csv"
    code, result = run(capsys, "map", "--collection", "H", "--output", str(output))
    assert code == 0
    with output.open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == result["points"] > 80
    assert 0.8 < result["quality"]["trustworthiness"] <= 1
    code, result = run(capsys, "collections")
    assert result["collections"][0]["name"] == "H"


def test_neighbors_and_the_index_benchmark(capsys, sample):
    chunk_id = sample.chunk_ids().tolist()[20]
    code, result = run(capsys, "neighbors", "--collection", "Sample", "--chunk", str(chunk_id), "-k", "3")
    assert code == 0
    assert [hit["rank"] for hit in result["hits"]] == [1, 2, 3]
    assert chunk_id not in [hit["chunk_id"] for hit in result["hits"]]
    assert "in this collection" in result["verdict"]
    document = sample.document(sample.chunks([chunk_id])[0].document_id).name
    arguments = ("--chunk", str(chunk_id), "--other-documents")
    code, result = run(capsys, "neighbors", "--collection", "Sample", *arguments)
    assert document not in [hit["document"] for hit in result["hits"]]
    code, result = run(capsys, "neighbors", "--collection", "Sample", "--text", "planets", "--variety", "0.5")
    assert len(result["hits"]) == 5
    assert main(["neighbors", "--collection", "Sample", "--chunk", "999999"]) == 1
    assert "has no chunk 999999" in capsys.readouterr().err
    code, result = run(capsys, "index-benchmark", "--collection", "Sample", "--kinds", "flat", "hnsw", "-k", "5")
    assert (code, result["n"]) == (0, sample.n_chunks())
    assert [one["spec"]["kind"] for one in result["results"]] == ["flat", "hnsw"]
    assert result["results"][0]["recall"] == 1.0
    assert main(["index-lab", "--collection", "Sample", "--kinds", "flat", "--size", "500"]) == 0
    assert "500 vectors" in capsys.readouterr().out


def test_failures_exit_with_one(capsys):
    assert main(["search", "x", "--collection", "none"]) == 1
    assert "There is no collection named 'none'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["search", "x"], ["search", "x", "--collection", "c", "-k", "0"]])
def test_wrong_usage_exits_with_two(arguments):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2


def test_run_passes_its_flags_on_to_streamlit(monkeypatch):
    started = []
    monkeypatch.setattr(run_command.runpy, "run_module", lambda name, run_name: started.append((name, list(sys.argv))))
    monkeypatch.setattr(sys, "argv", [])
    assert main(["run", "--server.port", "8600", "--server.headless=false"]) == 0
    flags = ["--server.port", "8600", "--server.headless=false"]
    assert started == [
        ("pages.shared.frame.start", ["start", *flags]),
        ("streamlit", ["streamlit", "run", str(config.ROOT / "serve.py"), *flags]),
    ]


def test_flags_of_streamlit_are_wrong_usage_for_other_commands(capsys):
    with pytest.raises(SystemExit) as error:
        main(["collections", "--server.port", "8600"])
    assert error.value.code == 2
    assert "unrecognized arguments: --server.port 8600" in capsys.readouterr().err
