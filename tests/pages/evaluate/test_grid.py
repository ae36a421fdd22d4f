"""The comparison of chunkings and models on the Evaluate page: its numbers are those of the stored results."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.evaluate.grid.loaded import LoadedGrid, load_measured
from pages.shared.evaluate.grid.menu import grid_table
from pages.shared.session.resources import task_board
from rag import config
from rag.embedding.cached import CachedEmbedder, VectorCache
from rag.evaluation.collection_exams import CollectionExam, documents_of, structure_exam
from rag.evaluation.grid.characters import IOU
from rag.evaluation.grid.compare import best_point, changes
from rag.evaluation.grid.grid_run import Grid, new_grid
from rag.evaluation.grid.plan import MODE, SIZE, GridPoint, plan
from rag.evaluation.grid.stored import grid_folder, grid_paths, load_grid, save_grid
from rag.evaluation.grid.work import measure_points
from rag.evaluation.passages import NDCG, first_rank
from rag.map.export.files import as_csv
from rag.store.collection import Collection, list_collections
from rag.types import ChunkingSpec
from tests.pages.support.app import button, labelled, start, texts
from tests.support.collections import plain_document, put
from tests.support.fakes import WordEmbedder


@pytest.fixture(scope="module")
def made(sample_folder: Path, embedder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Grid]:
    """A folder with a measured grid: 2 sizes and 2 searches, asked a third of the questions from the structure."""
    folder = tmp_path_factory.mktemp("grid")
    collection = Collection.open(sample_folder, "Sample")
    exam = structure_exam(documents_of(collection))
    present = GridPoint(collection.spec.chunking, collection.spec.embedding.model_id, "hybrid")
    planned = plan(present, {SIZE: (80,), MODE: ("dense",)}, {present.model_id: embedder.window}, is_full=True)
    grid = new_grid(collection, replace(exam, questions=exam.questions[::3]), planned.points, 1)
    save_grid(folder, grid)
    cache = VectorCache(folder / "vectors.sqlite", max_bytes=100_000_000)
    measure_points(folder, grid, collection, lambda _: CachedEmbedder(embedder, cache))
    return folder, grid


@pytest.fixture
def grid(sample: Collection, data_dir: Path, made: tuple[Path, Grid]) -> Grid:
    """That grid, stored."""
    folder, grid = made
    shutil.copytree(folder / "evaluations", data_dir / "evaluations")
    return grid


def loaded(grid: Grid) -> LoadedGrid:
    return load_measured(grid)


def opened() -> AppTest:
    """The page with the comparison of chunkings and models."""
    app = start("evaluate.py", collection="Sample")
    return chosen(app, "Compare", "Chunking and models")


def chosen(app: AppTest, control: str, value: object) -> AppTest:
    labelled(app.get("button_group"), control).set_value(value).run()
    assert not app.exception
    return app


def table(app: AppTest) -> pd.DataFrame:
    return next(one.value for one in app.dataframe if "setting" in one.value)


def questions(app: AppTest) -> pd.DataFrame:
    return next(one.value for one in app.dataframe if "question" in one.value)


def heat_map(app: AppTest) -> dict[str, object]:
    charts = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    return next(one for one in charts if one["data"][0]["type"] == "heatmap")


def test_before_anything_is_compared_it_says_what_will_be_done(sample):
    app = opened()
    said = texts(app).replace("**", "")
    assert "9 settings, each asked 30 questions: the documents are split and embedded 3 times" in said
    assert "No settings were compared yet" in said
    assert labelled(app.multiselect, "Chunk sizes (tokens)").value == ["80", "160", "254"]
    assert not button(app, "Compare settings").disabled
    chosen(app, "Combine", "One change at a time")
    assert "5 settings, each asked 30 questions" in texts(app).replace("**", "")
    chosen(app, "Searches", ["dense"])
    assert "4 settings, each asked 30 questions" in texts(app).replace("**", "")


def test_what_cannot_be_compared_is_said(sample):
    app = opened()
    sizes = labelled(app.multiselect, "Chunk sizes (tokens)")
    sizes.set_value(["4,000", "7", "many"]).run()
    assert not app.exception
    assert "Not used: '7', 'many'. Type a whole number from 16." in texts(app)
    assert "reads at most 254 tokens, so larger chunk sizes become 254 tokens there" in texts(app)
    labelled(app.multiselect, "Chunk sizes (tokens)").set_value([]).run()
    chosen(app, "Searches", [])
    assert "Choose another value of at least one factor" in texts(app)
    assert button(app, "Compare settings").disabled


def test_too_many_settings_are_refused(sample):
    app = opened()
    labelled(app.multiselect, "Chunk sizes (tokens)").set_value([str(size) for size in range(20, 200)]).run()
    assert "at most 200 can be compared at once" in texts(app)
    assert button(app, "Compare settings").disabled


def test_settings_are_measured_and_shown(sample, data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    app = opened()
    labelled(app.multiselect, "Chunk sizes (tokens)").set_value(["80"]).run()
    chosen(app, "Searches", ["hybrid", "keyword"])
    button(app, "Compare settings").click().run()
    (path,) = grid_paths(data_dir, sample.uid)
    grid = load_grid(path)
    task_board().wait(f"grid-{grid.grid_id}")
    app.run()
    assert not app.exception
    one = loaded(grid)
    assert one.n_missing == 0
    assert len(grid.points) == 4
    assert len(grid.questions) == 30
    assert "Averages over 30 questions" in texts(app)
    assert len(table(app)) == 4
    assert list_collections(data_dir) == ["Sample"]


def test_the_numbers_are_those_of_the_results(grid):
    app = opened()
    one = loaded(grid)
    found, shown = changes(one.measured, NDCG), table(app)
    best = best_point(one.measured, NDCG, one.results)
    order = sorted(one.results, key=lambda number: (number != best, -one.measured.means[number][NDCG].mean))
    assert shown["nDCG@10"].tolist() == [one.measured.means[number][NDCG].mean for number in order]
    assert shown["IoU@1"].tolist() == [one.measured.means[number][IOU].mean for number in order]
    assert shown["chunks"].tolist() == [one.results[number].storage.n_chunks for number in order]
    assert shown["p"].tolist() == [f"{found[n].corrected_p:.3f}" if n else "–" for n in order]
    assert shown["setting"][0].startswith("★ ")
    assert sum("Present: 160 tokens, Meaning and words" in label for label in shown["setting"]) == 1
    for number, change in found.items():
        row = shown.iloc[order.index(number)]
        assert row["change"].startswith(f"{change.change:+.2f}")


def test_names_of_settings_in_the_list_do_not_change_with_the_metric(grid):
    app = opened()
    before = set(labelled(app.selectbox, "Setting").options)
    labelled(app.selectbox, "Compare by").set_value(IOU).run()
    assert set(labelled(app.selectbox, "Setting").options) == before
    assert "Present: 160 tokens, Meaning and words" in before


def test_the_headline_names_the_best_and_whether_that_is_clear(grid):
    app = opened()
    one = loaded(grid)
    for metric in (NDCG, IOU):
        labelled(app.selectbox, "Compare by").set_value(metric).run()
        best = best_point(one.measured, metric, one.results)
        said = next(text.value for text in app.markdown if text.value.startswith("Best: "))
        assert f"**{one.measured.means[best][metric].mean:.2f}**" in said
        if best == 0:
            assert "the present setting" in said
            continue
        change = changes(one.measured, metric)[best]
        assert f"That is {change.change:.2f} above the present setting" in said
        assert ("clearly better" if change.is_clear else "no clear difference") in said
        assert "corrected for 3 comparisons" in said


def test_the_heat_map_has_a_cell_for_each_setting(grid):
    app = opened()
    one, figure = loaded(grid), heat_map(app)
    assert figure["layout"]["xaxis"]["ticktext"] == ["Meaning", "Meaning and words"]
    assert [text.strip() for text in figure["layout"]["yaxis"]["ticktext"]] == ["80 tokens", "160 tokens"]
    means = {number: one.measured.means[number][NDCG].mean for number in one.results}
    numbers = {(point.chunking.max_tokens, point.mode): number for number, point in enumerate(grid.points)}
    expected = [[means[numbers[size, mode]] for mode in ("dense", "hybrid")] for size in (80, 160)]
    assert figure["data"][0]["z"] == expected
    labels = [label["text"] for label in figure["layout"]["annotations"]]
    assert sum("★" in label for label in labels) == 1
    assert sum("present" in label for label in labels) == 1
    assert len(figure["layout"]["shapes"]) == 1


def test_a_question_that_fails_shows_what_was_expected_and_what_came(grid, sample):
    app = opened()
    number = next(n for n, point in enumerate(grid.points) if point.mode == "dense" and point.chunking.max_tokens == 80)
    labelled(app.selectbox, "Setting").set_value(number).run()
    assert not app.exception
    rankings = loaded(grid).results[number].rankings
    ranks = {one.text: first_rank(rankings[one.question_id], one.spans) for one in grid.questions}
    failed = questions(app)
    assert set(failed["question"]) == {text for text, rank in ranks.items() if rank != 1}
    said = [str(ranks[text] or "not in 10") for text in failed["question"]]
    assert failed["rank here"].tolist() == said
    first = next(one for one in grid.questions if one.text == failed["question"][0])
    assert f"### {first.text}" in texts(app)
    best = rankings[first.question_id][0]
    documents = documents_of(sample)
    html = " ".join(one.proto.body for one in app.get("html"))
    assert "".join(documents[best.document].text[best.start : best.end].split("&")[0].splitlines()[:1]) in html
    links = [link.proto for link in app.get("page_link") if link.proto.label == "Show on map"]
    assert len(links) == 1
    chunk = int(str(links[0]).partition("chunk=")[2].split('"')[0].split("&")[0])
    (span,) = first.spans
    (held,) = sample.chunks([chunk])
    assert min(held.end, span.end) > max(held.start, span.start)


def test_questions_can_be_compared_with_the_present_setting(grid):
    app = opened()
    labelled(app.selectbox, "Setting").set_value(3).run()
    one = loaded(grid)
    ranks = [
        tuple(first_rank(one.results[n].rankings[q.question_id], q.spans) or 99 for n in (3, 0)) for q in grid.questions
    ]
    options = {name.partition(" (")[0]: name for name in labelled(app.get("button_group"), "Questions").options}
    assert options["Better than present"] == f"Better than present ({sum(a < b for a, b in ranks)})"
    assert options["Worse than present"] == f"Worse than present ({sum(a > b for a, b in ranks)})"
    assert options["All"] == f"All ({len(grid.questions)})"


def test_an_interrupted_comparison_is_continued(grid, data_dir, made, monkeypatch):
    # The same cache: a model that computes in bfloat16 gives slightly other vectors in other batches.
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(made[0]))
    whole = loaded(grid).results
    for number in (1, 3):
        (grid_folder(data_dir, grid) / f"point-{number}.json").unlink()
    app = opened()
    assert "2 of 4 settings were measured before this ended." in texts(app)
    assert len(table(app)) == 2
    assert sum(label["text"] == "not measured yet" for label in heat_map(app)["layout"]["annotations"]) == 2
    button(app, "Continue").click().run()
    task_board().wait(f"grid-{grid.grid_id}")
    app.run()
    assert not app.exception
    assert "measured before this ended" not in texts(app)
    assert {n: one.rankings for n, one in loaded(grid).results.items()} == {n: one.rankings for n, one in whole.items()}


def test_without_the_present_setting_nothing_is_compared_with_it(grid, data_dir):
    (grid_folder(data_dir, grid) / "point-0.json").unlink()
    app = opened()
    assert "The present setting is not measured yet" in texts(app)
    assert table(app)["p"].tolist() == ["–"] * 3


def test_without_any_result_it_says_so(grid, data_dir):
    for path in grid_folder(data_dir, grid).glob("point-*.json"):
        path.unlink()
    app = opened()
    assert "No setting has been measured yet." in texts(app)


def test_a_damaged_result_is_a_sentence_and_can_be_measured_again(grid, data_dir):
    (grid_folder(data_dir, grid) / "point-2.json").write_bytes(b'{"format":')
    app = opened()
    assert "The result 'point-2' cannot be shown" in texts(app)
    assert "3 of 4 settings were measured" in texts(app)
    assert not button(app, "Continue").disabled


def test_a_damaged_comparison_is_a_sentence_and_others_can_be_chosen(grid, data_dir):
    damaged = grid_folder(data_dir, grid).with_name("20991231T000000-aaaaaa")
    damaged.mkdir()
    (damaged / "grid.json").write_bytes(b'{"format":')
    app = opened()
    assert "The comparison '20991231T000000-aaaaaa' cannot be shown" in texts(app)
    labelled(app.selectbox, "Comparison").set_value(grid.grid_id).run()
    assert len(table(app)) == 4


def test_changed_documents_are_said(grid, sample):
    sample.delete_document(sample.documents()[0].document_id)
    app = opened()
    assert "The documents have changed since this comparison" in texts(app)
    assert "The documents have changed since, so the texts below" in texts(app)


def test_another_search_is_used_at_once(grid):
    app = opened()
    number = next(n for n, point in enumerate(grid.points) if point == replace(grid.points[0], mode="dense"))
    labelled(app.selectbox, "Setting").set_value(number).run()
    button(app, "Use this setting").click().run()
    assert not app.exception
    (said,) = [str(one.value) for one in app.success if "Search and Chat" in str(one.value)]
    assert "Search and Chat now search 'Sample' by **Meaning**." in said
    assert "'Present' is the setting when this comparison was started" in texts(app)
    assert button(app, "Use this setting").disabled
    app.switch_page("pages/search.py").run()
    assert labelled(app.get("button_group"), "Search by").value == "dense"


def test_the_present_setting_is_used_already(grid):
    app = opened()
    labelled(app.selectbox, "Setting").set_value(0).run()
    assert button(app, "Use this setting").disabled


def test_other_chunks_are_offered_as_a_copy(grid):
    app = opened()
    number = next(n for n, p in enumerate(grid.points) if (p.chunking.max_tokens, p.mode) == (80, "dense"))
    labelled(app.selectbox, "Setting").set_value(number).run()
    button(app, "Use this setting").click().run()
    assert not app.exception
    assert "as in this setting: all-MiniLM-L6-v2, Recursive, 80 tokens, overlap 0" in texts(app)
    assert labelled(app.text_input, "Name of the new collection").value == "Sample 80 tokens"
    assert not button(app, "Make the copy").disabled


def test_a_comparison_can_be_deleted(grid, data_dir):
    app = opened()
    button(app, "Delete this comparison").click().run()
    assert not app.exception
    assert "No settings were compared yet" in texts(app)
    assert grid_paths(data_dir, grid.conditions.collection_uid) == []


def test_the_csv_has_a_line_for_each_setting(grid):
    one = loaded(grid)
    read = pd.read_csv(io.BytesIO(as_csv(grid_table(one))))
    assert read["max tokens"].tolist() == [point.chunking.max_tokens for point in grid.points]
    assert read["present"].tolist() == [True, False, False, False]
    assert read["nDCG@10"].tolist() == pytest.approx([one.measured.means[n][NDCG].mean for n in range(4)])
    found = changes(one.measured, NDCG)
    assert read["nDCG@10 change"].tolist()[1:] == pytest.approx([found[n].change for n in (1, 2, 3)])
    assert read["nDCG@10 p (Holm)"].tolist()[1:] == pytest.approx([found[n].corrected_p for n in (1, 2, 3)])


def test_an_exam_without_expected_passages_says_so(data_dir):
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    model = WordEmbedder()
    collection = Collection.create(
        data_dir, "Plain", replace(model.spec, model_id=config.DEFAULT_EMBEDDING_MODEL), ChunkingSpec()
    )
    assert CollectionExam("None", ()).n_answerable == 0
    put_plain(collection, model)
    app = start("evaluate.py", collection="Plain")
    chosen(app, "Compare", "Chunking and models")
    assert "This exam has no question with an expected passage" in texts(app)
    assert button(app, "Compare settings").disabled


def put_plain(collection: Collection, model: WordEmbedder) -> None:
    """A document without structure, with made-up vectors under the name of the default model."""
    model.spec = collection.spec.embedding
    put(collection, model, plain_document("plain.txt", "The owl hunts mice at night."))
