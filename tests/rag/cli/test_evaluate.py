"""The command `evaluate`: one JSON object or a table, saved runs, and an exit code that tells of a loss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.cli.main import main
from rag.evaluation.metrics import METRICS
from rag.retrieval.settings import RetrievalSettings
from tests.rag.evaluation.exams import DOCUMENTS, JUDGEMENTS, write_exam, write_lines


@pytest.fixture
def folder(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    return str(write_exam(tmp_path / "birds"))


def evaluate(capsys, *arguments: str) -> tuple[int, dict]:
    code = main(["evaluate", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def spoil(path: str | Path, change: float) -> None:
    """Add to every figure of a saved run, as far as it stays in [0, 1]."""
    run = json.loads(Path(path).read_text("utf-8"))
    for figures in run["per_query"].values():
        figures.update({metric: min(1.0, max(0.0, value + change)) for metric, value in figures.items()})
    Path(path).write_text(json.dumps(run), "utf-8")


def test_one_json_object_and_progress_on_standard_error(capsys, folder, data_dir):
    assert main(["evaluate", folder, "--json"]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert set(result) == {"metrics", "intervals", "settings", "queries", "documents", "seconds"}
    assert list(result["metrics"]) == list(result["intervals"]) == list(METRICS)
    assert all(low <= result["metrics"][name] <= high for name, (low, high) in result["intervals"].items())
    assert result["metrics"]["hit_rate@10"] == 1.0
    assert result["queries"] == {"evaluated": 5, "left_out": 0}
    assert result["settings"]["mode"] == RetrievalSettings().mode
    assert (result["settings"]["exam"], result["settings"]["k"], result["documents"]) == ("birds", 10, 6)
    assert "6 of 6 documents are embedded." in printed.err
    assert not data_dir.exists()


def test_a_table_for_a_person(capsys, folder):
    write_exam(Path(folder), JUDGEMENTS[:4])
    assert main(["evaluate", folder, "--mode", "dense", "--embedding-model", "all-MiniLM-L6-v2"]) == 0
    first, header, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith("'birds', dense search with sentence-transformers/all-MiniLM-L6-v2 in ")
    assert ": 4 questions, 6 documents, " in first
    assert header.split() == ["metric", "mean", "95", "%", "interval"]
    assert [row.split()[0] for row in rows[:4]] == list(METRICS)
    assert rows[4:] == ["1 question is left out, because no document is relevant."]


def test_words_are_searched_without_loading_a_model(capsys, folder):
    assert main(["evaluate", folder, "--mode", "keyword", "--embedding-model", "no/such-model"]) == 0
    printed = capsys.readouterr()
    assert "'birds', keyword search: 5 questions" in printed.out
    assert "--embedding-model changes nothing" in printed.err


def test_a_run_is_saved_and_compared(capsys, folder, tmp_path):
    saved = str(tmp_path / "run.json")
    code, _ = evaluate(capsys, folder, "--mode", "keyword", "--save", saved)
    assert code == 0
    code, result = evaluate(capsys, folder, "--mode", "keyword", "--against", saved)
    assert (code, result["comparison"]["queries"]) == (0, 5)
    difference = {"difference": 0.0, "p": 1.0, "fell": False}
    assert all(difference.items() <= one.items() for one in result["comparison"]["differences"].values())
    assert result["comparison"]["settings"] == result["settings"]


def many(folder: str) -> None:
    """Ten questions with the words of a document, so that a loss on all of them is significant."""
    names = [f"q{number}" for number in range(10)]
    texts = [text for _, text in DOCUMENTS.values()]
    rows = [{"_id": name, "text": texts[number % 6]} for number, name in enumerate(names)]
    write_lines(Path(folder) / "queries.jsonl", *map(json.dumps, rows))
    judgements = [f"{name}\td{(number + 1) % 6 + 1}\t1" for number, name in enumerate(names)]
    write_lines(Path(folder) / "qrels.tsv", "query-id\tcorpus-id\tscore", *judgements)


def test_a_significant_loss_ends_with_exit_code_1(capsys, folder, tmp_path):
    many(folder)
    saved = str(tmp_path / "run.json")
    assert main(["evaluate", folder, "--mode", "keyword", "--save", saved]) == 0
    spoil(saved, 0.1)
    capsys.readouterr()
    assert main(["evaluate", folder, "--mode", "keyword", "--against", saved]) == 1
    printed = capsys.readouterr().out
    assert f"Compared with '{saved}' (keyword search), on the 10 questions of both:" in printed
    assert printed.splitlines()[-1].startswith("Significantly lower than before (p < 0.05): ndcg@10")
    code, result = evaluate(capsys, folder, "--mode", "keyword", "--against", saved)
    assert code == 1
    ndcg = result["comparison"]["differences"]["ndcg@10"]
    assert ndcg["fell"]
    assert ndcg["after"] - ndcg["before"] == ndcg["difference"] < 0
    assert 0 < ndcg["p"] < 0.05


def test_a_gain_and_another_exam_are_no_failure(capsys, folder, tmp_path):
    many(folder)
    saved = str(tmp_path / "run.json")
    main(["evaluate", folder, "--mode", "keyword", "--save", saved])
    spoil(saved, -0.5)
    Path(folder).rename(tmp_path / "renamed")
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "renamed"), "--mode", "keyword", "--against", saved]) == 0
    *_, note, last = capsys.readouterr().out.splitlines()
    assert note.startswith("The saved run is of the exam 'birds'")
    assert last == "Significantly lower than before (p < 0.05): nothing."


def test_wrong_input_is_a_sentence_and_exit_code_1(capsys, folder, tmp_path):
    write_lines(tmp_path / "no-run.json", "{}")
    no_folder = ["evaluate", str(tmp_path / "none")]
    no_run = ["evaluate", folder, "--mode", "keyword", "--against", str(tmp_path / "no-run.json")]
    no_place = ["evaluate", folder, "--mode", "keyword", "--save", str(tmp_path / "none" / "run.json")]
    no_model = ["evaluate", folder, "--mode", "dense", "--embedding-model", str(tmp_path)]
    for arguments, expected in (
        (no_folder, "There is no folder"),
        (no_run, "is not a saved run of an exam"),
        (no_place, "could not be written"),
        (no_model, "cannot be loaded from its folder"),
    ):
        assert main(arguments) == 1
        printed = capsys.readouterr()
        assert expected in next(line for line in printed.err.splitlines() if line.startswith("error: "))
        assert "Traceback" not in printed.err


def test_an_unknown_mode_is_wrong_usage(folder):
    with pytest.raises(SystemExit) as error:
        main(["evaluate", folder, "--mode", "magic"])
    assert error.value.code == 2
