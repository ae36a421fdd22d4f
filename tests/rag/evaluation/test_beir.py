"""Exams in the BEIR layout: what is read, and a sentence with file and line for everything that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag import config
from rag.evaluation.beir import ExamDocument, ExamError, read_exam
from tests.rag.evaluation.exams import DOCUMENTS, HEADER, JUDGEMENTS, QUERIES, write_exam, write_lines

SHARED = config.ROOT.parent / "shared" / "retrieval"
DOCUMENT, QUERY = '{"_id": "d1", "text": "Owls."}', '{"_id": "q1", "text": "Birds?"}'


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_exam(tmp_path / "birds")


def test_an_exam_is_read(folder):
    exam = read_exam(folder)
    assert exam.name == "birds"
    assert exam.documents["d1"] == ExamDocument(*DOCUMENTS["d1"])
    assert exam.documents["d1"].content.startswith("Owls Owls hunt")
    assert exam.documents["d3"].content == DOCUMENTS["d3"][1]
    assert exam.queries == QUERIES
    assert exam.grades["q1"] == {"d1": 2}
    assert (exam.judged, exam.n_left_out) == (list(QUERIES), 0)


def test_judgements_may_lie_in_a_folder(folder):
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert len(read_exam(folder).grades) == len(JUDGEMENTS)


def test_queries_without_a_relevant_document_are_counted(tmp_path):
    exam = read_exam(
        write_exam(tmp_path, [("q1", "d1", "1"), ("q2", "d2", "0"), ("q3", "d3", "-1"), ("q1", "d2", "0")])
    )
    assert exam.judged == ["q1"]
    assert exam.n_left_out == 4
    assert exam.grades["q1"] == {"d1": 1, "d2": 0}


def test_other_line_ends_blank_lines_and_a_byte_order_mark_are_accepted(folder):
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        path = folder / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    exam = read_exam(folder)
    assert (exam.queries, exam.grades["q1"]) == (QUERIES, {"d1": 2})


def test_more_keys_no_title_a_repeated_judgement_and_a_line_separator_are_accepted(folder):
    rows = [{"_id": "d1", "text": "One\u2028line", "url": 5}, {"_id": "d2", "title": None, "text": ""}]
    write_lines(folder / "corpus.jsonl", *(json.dumps(row, ensure_ascii=False) for row in rows))
    write_lines(folder / "qrels.tsv", HEADER, "q1\td1\t+1", "q1\td1\t1")
    exam = read_exam(folder)
    assert exam.documents == {"d1": ExamDocument("", "One\u2028line"), "d2": ExamDocument("", "")}
    assert exam.grades == {"q1": {"d1": 1}}


BROKEN = {
    "not JSON": ("corpus.jsonl", [DOCUMENT, "owls"], "line 2: expected a JSON object, found 'owls'"),
    "cut JSON": ("queries.jsonl", ['{"_id": "q1", "text'], "line 1: expected a JSON object"),
    "too deep": ("corpus.jsonl", ["[" * 100_000], "line 1: expected a JSON object"),
    "no object": ("corpus.jsonl", [DOCUMENT, "", "[1]"], "line 3: expected a JSON object such as"),
    "no id": ("corpus.jsonl", ['{"id": "d1", "text": "Owls."}'], "line 1: the key _id is missing; found 'id, text'"),
    "no text": ("queries.jsonl", [QUERY, '{"_id": "q2"}'], "line 2: the key text is missing"),
    "a number as id": ("corpus.jsonl", ['{"_id": 1, "text": "Owls."}'], "line 1: _id is '1'; it must be a text"),
    "a list as text": ("queries.jsonl", ['{"_id": "q1", "text": ["a"]}'], "line 1: text is"),
    "a number as title": ("corpus.jsonl", ['{"_id": "d1", "title": 5, "text": ""}'], "line 1: title is '5'"),
    "an empty id": ("corpus.jsonl", ['{"_id": "", "text": "Owls."}'], "line 1: _id is empty"),
    "half a character": ("corpus.jsonl", ['{"_id": "d1", "text": "\\ud800"}'], "line 1: text contains an incomplete"),
    "a repeated document": ("corpus.jsonl", [DOCUMENT, DOCUMENT], "line 2: the id 'd1' occurs on an earlier line"),
    "a repeated query": ("queries.jsonl", [QUERY, QUERY], "line 2: the id 'q1' occurs on an earlier line"),
    "no document": ("corpus.jsonl", ["", " "], "holds no document"),
    "no query": ("queries.jsonl", [], "holds no query"),
    "no judgement": ("qrels.tsv", [], "line 1: expected the header"),
    "no header": ("qrels.tsv", ["q1\td1\t1"], "line 1: expected the header 'query-id corpus-id score'"),
    "another header": ("qrels.tsv", ["query\tdoc\tscore"], "found 'query\\tdoc\\tscore'"),
    "only a header": ("qrels.tsv", [HEADER], "names no relevant document"),
    "spaces": ("qrels.tsv", [HEADER, "q1 d1 1"], "line 2: expected three columns separated by tabs"),
    "four columns": ("qrels.tsv", [HEADER, "q1\t0\td1\t1"], "found 4"),
    "an unknown query": ("qrels.tsv", [HEADER, "q9\td1\t1"], "line 2: the query 'q9' does not exist in queries.jsonl"),
    "an unknown document": (
        "qrels.tsv",
        [HEADER, "q1\td1\t1", "q1\td9\t1"],
        "line 3: the document 'd9' does not exist",
    ),
    "a broken score": ("qrels.tsv", [HEADER, "q1\td1\t0.5"], "line 2: the score is '0.5'"),
    "a word as score": ("qrels.tsv", [HEADER, "q1\td1\tgood"], "it must be a whole number"),
    "a huge score": ("qrels.tsv", [HEADER, f"q1\td1\t{10**400}"], "at most nine digits"),
    "two scores": ("qrels.tsv", [HEADER, "q1\td1\t1", "q1\td1\t2"], "line 3: the document 'd1' has the score 2 for"),
    "nothing relevant": ("qrels.tsv", [HEADER, "q1\td1\t0", "q2\td1\t-1"], "names no relevant document"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_a_sentence(folder, case):
    name, lines, expected = BROKEN[case]
    write_lines(folder / name, *lines)
    with pytest.raises(ExamError) as error:
        read_exam(folder)
    message = str(error.value)
    assert expected in message
    assert str(folder / name) in message
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 600


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ExamError, match=name):
        read_exam(folder)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_folder_in_the_place_of_a_file_is_named(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(ExamError, match=f"{name}' cannot be read"):
        read_exam(folder)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_text_that_is_not_utf_8_is_named_with_its_line(folder, name):
    path = folder / name
    n_lines = len(path.read_bytes().splitlines())
    path.write_bytes(path.read_bytes() + "schön\n".encode("latin-1"))
    with pytest.raises(ExamError, match=f"{name}', line {n_lines + 1}: the text is not UTF-8"):
        read_exam(folder)


def test_a_missing_folder_is_named(tmp_path, folder):
    for path in (tmp_path / "none", folder / "corpus.jsonl"):
        with pytest.raises(ExamError, match=r"There is no folder .*corpus.jsonl, queries.jsonl and qrels.tsv"):
            read_exam(path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no test collections")
def test_published_exams_are_read():
    counts = {}
    for name in ("scifact", "cranfield", "cacm", "xquad_en"):
        exam = read_exam(SHARED / name)
        counts[name] = (len(exam.documents), len(exam.judged))
    assert counts == {"scifact": (5_183, 300), "cranfield": (1_400, 225), "cacm": (3_204, 52), "xquad_en": (240, 1_190)}
