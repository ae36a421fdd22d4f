"""Exams are run with the app's own search, in a place of their own, and compared query by query."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rag.embedding.cached import CachedEmbedder, VectorCache
from rag.evaluation.beir import Exam, ExamDocument, read_exam
from rag.evaluation.exam_collection import exam_collection, split_documents, whole_documents
from rag.evaluation.metrics import DEPTH, METRICS, measure
from rag.evaluation.prepared_queries import PreparedQueries
from rag.evaluation.run import ExamRun, RunSettings, run_exam
from rag.evaluation.stored.saved_run import RunFileError, compare, load_run, save_run
from rag.retrieval.loading import load_retriever
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.rag.evaluation.exams import JUDGEMENTS, QUERIES, write_exam
from tests.support.fakes import WordEmbedder


class PreciseWords(WordEmbedder):
    precision = "float32"


@pytest.fixture
def exam(tmp_path) -> Exam:
    return read_exam(write_exam(tmp_path / "birds"))


@pytest.fixture
def cached(tmp_path, embedder) -> CachedEmbedder:
    return CachedEmbedder(embedder, VectorCache(tmp_path / "vectors.sqlite", max_bytes=10**7))


@pytest.fixture
def run(exam) -> ExamRun:
    return run_exam(exam, "hybrid", PreciseWords())


@pytest.mark.parametrize("mode", ["dense", "hybrid"])
def test_a_model_finds_what_is_meant(exam, cached, mode, data_dir):
    said: list[str] = []
    run = run_exam(exam, mode, cached, said.append)
    assert run.means["hit_rate@10"].mean == run.means["recall@10"].mean == 1.0
    assert run.means["mrr@10"].mean > 0.8
    assert list(run.per_query) == list(QUERIES)
    assert (run.n_documents, run.n_left_out) == (6, 0)
    spec = cached.spec
    assert run.settings == RunSettings("birds", mode, spec.model_id, spec.revision, cached.precision, DEPTH)
    assert said == ["6 of 6 documents are embedded.", "5 of 5 questions are answered."]
    assert not data_dir.exists()


def test_vectors_come_from_the_cache_the_second_time(exam, cached):
    first = run_exam(exam, "dense", cached)
    assert (cached.counts.embedded, cached.counts.reused) == (6, 0)
    assert run_exam(exam, "dense", cached).per_query == first.per_query
    assert (cached.counts.embedded, cached.counts.reused) == (6, 6)


def test_prepared_queries_are_embedded_once():
    words = PreciseWords()
    expected = words.encode_queries(["owl", "bread", "rain"])
    prepared = PreparedQueries(words, ["owl", "bread", "owl"])
    before = words.embedded
    assert np.array_equal(prepared.encode_queries(["bread", "owl"]), expected[[1, 0]])
    assert words.embedded == before
    assert np.array_equal(prepared.encode_queries(["owl", "rain"]), expected[[0, 2]])
    assert np.array_equal(prepared.encode_documents(["rain"]), expected[[2]])
    assert prepared.encode_queries([]).shape == (0, words.spec.dimension)
    assert (prepared.window, prepared.tokenizer) == (words.window, words.tokenizer)
    assert prepared.count_tokens(["owl"]) == words.count_tokens(["owl"])


def test_words_are_searched_without_a_model(exam):
    run = run_exam(exam, "keyword", None)
    assert run.settings == RunSettings("birds", "keyword", "", "", "", DEPTH)
    # "strings" and "tax return due" occur in one document only; nothing says "bird" or "flies", but "in" and "the" do.
    assert run.per_query["q4"] == run.per_query["q5"] == dict.fromkeys(METRICS, 1.0)
    assert 0.0 < run.means["ndcg@10"].mean <= 1.0


def test_a_mode_without_its_model_is_a_mistake_of_the_caller(exam):
    with pytest.raises(ValueError, match="needs an embedding model"):
        run_exam(exam, "dense", None)


def test_means_are_over_queries_with_a_relevant_document(tmp_path):
    run = run_exam(read_exam(write_exam(tmp_path, [*JUDGEMENTS[:3], ("q4", "d4", "0")])), "dense", PreciseWords())
    assert list(run.per_query) == ["q1", "q2", "q3"]
    assert run.n_left_out == 2
    for metric, figure in run.means.items():
        assert figure.mean == pytest.approx(sum(one[metric] for one in run.per_query.values()) / 3)
        assert figure.low <= figure.mean <= figure.high


@pytest.mark.parametrize("mode", ["dense", "hybrid", "keyword"])
def test_empty_texts_and_strange_ids_are_no_problem(mode):
    documents = {"../x": ExamDocument("", "owl"), " ": ExamDocument("", ""), "é\0\n'\"": ExamDocument("Bread", "")}
    queries = {"a b": "owl", "\t": "", "same": "owl"}
    exam = Exam("odd", documents, queries, {"a b": {"../x": 1}, "\t": {" ": 1}, "same": {"é\0\n'\"": 1, "../x": 0}})
    run = run_exam(exam, mode, PreciseWords())
    assert run.per_query["a b"] == measure(["../x"], {"../x": 1})
    assert run.per_query["\t"] == dict.fromkeys(METRICS, 0.0)


@pytest.mark.parametrize("mode", ["dense", "hybrid", "keyword"])
def test_the_hits_are_those_of_the_stored_collection(exam, mode, tmp_path):
    words = PreciseWords()
    vectors = words.encode_documents([document.content for document in exam.documents.values()])
    kept = exam_collection(tmp_path, whole_documents(exam), vectors, words.spec)
    stored = Collection.open(tmp_path, "Exam")
    assert kept.chunks() == stored.chunks()
    assert kept.chunks([3, 99, 1]) == stored.chunks([3, 99, 1])
    assert kept.document_names() == stored.document_names()
    assert kept.document_names(["d2", "x"]) == stored.document_names(["d2", "x"]) == {"d2": "d2"}
    ours, theirs = (load_retriever(one, mode, None if mode == "keyword" else words) for one in (kept, stored))
    for query in QUERIES.values():
        assert ours.retrieve(query, DEPTH) == theirs.retrieve(query, DEPTH)


LONG = ExamDocument("Owls", "The barn hunts at night. It turns its head far around. " * 4)


def test_split_documents_name_their_title_once_or_before_every_chunk():
    exam = Exam("owls", {"d1": LONG, "d2": ExamDocument("", "Bread is baked.")}, {"q": "owls"}, {"q": {"d1": 1}})
    with_line, alone = split_documents(exam, ChunkingSpec(60, context=True), PreciseWords())
    once, _ = split_documents(exam, ChunkingSpec(60), PreciseWords())
    assert with_line.document == once.document
    assert with_line.document.text == f"Owls\n\n{LONG.text}"
    assert len(with_line.chunks) > 2
    assert [chunk.context for chunk in with_line.chunks] == ["", *["Owls"] * (len(with_line.chunks) - 1)]
    assert {chunk.context for chunk in once.chunks} == {""}
    assert [(chunk.text, chunk.context) for chunk in alone.chunks] == [("Bread is baked.", "")]


@pytest.mark.parametrize("mode", ["dense", "hybrid", "keyword"])
def test_a_document_has_the_rank_of_its_best_chunk(mode):
    many = {f"n{number}": ExamDocument("", f"Sea and wind {number}.") for number in range(15)}
    documents = {"long": LONG, **many, "best": ExamDocument("", "head")}
    exam = Exam("owls", documents, {"q": "head"}, {"q": {"long": 1, "best": 2}})
    run = run_exam(exam, mode, PreciseWords(), chunking=ChunkingSpec(30))
    assert run.per_query["q"] == measure(["best", "long"], exam.grades["q"])
    assert run.settings.chunking == ChunkingSpec(30)
    assert run.n_documents == 17


def test_words_of_split_documents_need_a_model_to_count_tokens(exam):
    with pytest.raises(ValueError, match="needs an embedding model"):
        run_exam(exam, "keyword", None, chunking=ChunkingSpec())


def test_a_saved_run_is_read_as_it_was(run, tmp_path):
    path = tmp_path / "run.json"
    save_run(path, run)
    saved = load_run(path)
    assert (saved.per_query, saved.settings, saved.seconds) == (run.per_query, run.settings, run.seconds)
    assert saved.means == {metric: figure.mean for metric, figure in run.means.items()}
    n_shared, differences = compare(saved.per_query, run.per_query)
    assert n_shared == 5
    assert all((one.change, one.p, one.fell) == (0.0, 1.0, False) for one in differences.values())


def test_only_queries_of_both_runs_are_compared():
    figures = {str(number): dict.fromkeys(METRICS, 0.5) for number in range(20)}
    better = {str(number): {**dict.fromkeys(METRICS, 0.75), "mrr@10": 0.25} for number in range(10, 30)}
    n_shared, differences = compare(figures, better)
    assert n_shared == 10
    assert {metric: one.fell for metric, one in differences.items()} == {
        **dict.fromkeys(METRICS, False),
        "mrr@10": True,
    }
    assert differences["ndcg@10"].change == 0.25
    assert differences["mrr@10"].p == 2 / 1024
    with pytest.raises(RunFileError, match="no question in common"):
        compare(figures, {"other": figures["1"]})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda run: "owls", "not a saved run of an exam: "),
        (lambda run: [], "not a saved run of an exam: "),
        (lambda run: {**run, "format": "other"}, "format is 'other'"),
        (lambda run: {**run, "version": 2}, "version is 2"),
        (lambda run: {key: run[key] for key in run if key != "per_query"}, "per_query is missing"),
        (lambda run: {**run, "per_query": {"q": {"ndcg@10": "a"}}}, "per_query.q.ndcg@10 is 'a'"),
        (lambda run: {**run, "per_query": {"q": dict.fromkeys(METRICS, 2.0)}}, "the query 'q' has no ndcg@10 from 0"),
        (lambda run: {**run, "per_query": {"q": dict.fromkeys(METRICS, float("nan"))}}, "has no ndcg@10 from 0 to 1"),
        (lambda run: {**run, "per_query": {"q": dict.fromkeys(METRICS[:3], 0.5)}}, "has no hit_rate@10"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_run_is_a_sentence(run, tmp_path, change, expected):
    path = tmp_path / "run.json"
    save_run(path, run)
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")
    with pytest.raises(RunFileError) as error:
        load_run(path)
    assert expected in str(error.value)
    assert str(error.value).endswith("Give a file written with --save.")


def test_files_that_cannot_be_read_or_written_are_sentences(run, tmp_path):
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe{")
    for path in (tmp_path / "latin.json", tmp_path / "none.json", tmp_path):
        with pytest.raises(RunFileError, match="Give a file written with --save"):
            load_run(path)
    for path in (tmp_path / "none" / "run.json", tmp_path):
        with pytest.raises(RunFileError, match="could not be written"):
            save_run(path, run)
