"""Charts of the columns against pandas: the counts of bars and histograms, and the rows of a range."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rag.map.colours import OTHER_NAME
from rag.map.selection.column_charts import ColumnChart, column_charts, kept_by_ranges
from rag.store.chunk_table import ChunkTable

N = 400
RNG = np.random.default_rng(5)
PRICES = RNG.lognormal(3, 0.4, N).round(2)
DAYS = pd.Timestamp("2021-03-01") + pd.to_timedelta(RNG.integers(0, 900, N), unit="D")
TOPICS = RNG.choice(["Music", "Sports", "Law", ""], N, p=[0.5, 0.3, 0.1, 0.1])
TABLE = ChunkTable(
    chunk_ids=np.arange(N) + 10,
    documents=RNG.integers(0, 2, N),
    document_names=("a.csv", "b.csv"),
    pages=np.full(N, np.nan, np.float32),
    n_tokens=RNG.integers(5, 90, N),
    columns={
        "topic": TOPICS.tolist(),
        "price": [f"{price:.2f}" for price in PRICES],
        "day": DAYS.strftime("%Y-%m-%d").tolist(),
        "same": ["x"] * N,
    },
)


@pytest.fixture
def charts() -> dict[str, ColumnChart]:
    return {chart.title: chart for chart in column_charts(TABLE, {})}


def test_each_column_with_several_values_has_a_chart(charts):
    assert list(charts) == ["topic", "price", "day", "Document", "Chunk length"]
    assert [title for title, chart in charts.items() if chart.edges] == ["price", "day", "Chunk length"]
    assert "topic" not in {chart.title for chart in column_charts(TABLE, {"topic": "link"})}
    assert column_charts(replace(TABLE, columns={}, document_names=("a",), n_tokens=np.ones(N, np.int64)), {}) == ()


def test_bars_count_labels_the_most_frequent_first_and_the_missing_last(charts):
    expected = pd.Series(TOPICS)[lambda topics: topics != ""].value_counts()
    topic = charts["topic"]
    assert topic.names == (*expected.index, OTHER_NAME)
    assert topic.counts() == [*expected, int((TOPICS == "").sum())]
    kept = PRICES > 20
    assert topic.counts(kept)[0] == int(((topic.names[0] == TOPICS) & kept).sum())


@pytest.mark.parametrize(("title", "values"), [("price", PRICES), ("Chunk length", TABLE.n_tokens)])
def test_histograms_count_like_numpy_within_round_limits(charts, title, values):
    chart = charts[title]
    edges = np.array(chart.edges)
    assert 2 <= len(edges) <= 21
    assert edges[0] <= values.min()
    assert values.max() <= edges[-1]
    assert chart.counts() == np.histogram(values.astype(np.float32), edges)[0].tolist()
    steps = {f"{step:.6g}" for step in np.diff(edges)}
    assert len(steps) == 1
    assert steps.pop().strip("0.")[0] in "125"


def test_a_range_has_the_rows_that_pandas_has(charts):
    low, high = charts["price"].edges[2], charts["price"].edges[6]
    prices = pd.Series(PRICES)
    expected = prices.between(low, high, inclusive="left").to_numpy()
    assert charts["price"].within(low, high).tolist() == expected.tolist()
    first, last = charts["day"].edges[1], charts["day"].edges[-1]
    days = pd.Series((DAYS - pd.Timestamp("1970-01-01")).days)
    by_day = days.between(first, last).to_numpy()
    assert charts["day"].within(first, last).tolist() == by_day.tolist()
    both = kept_by_ranges(tuple(charts.values()), {"price": (low, high), "day": (first, last), "gone": (0, 1)})
    assert both.tolist() == (expected & by_day).tolist()
    assert kept_by_ranges(tuple(charts.values()), {}) is None
    with pytest.raises(ValueError, match="has labels"):
        charts["topic"].within(0, 1)


def test_a_column_of_one_number_and_gaps_has_one_bar():
    table = replace(TABLE, columns={"year": ["2020"] * (N - 1) + [""]}, document_names=("a",))
    (year,) = [chart for chart in column_charts(table, {"year": "number"}) if chart.title == "year"]
    assert (year.names, year.counts()) == (("2020 to 2021",), [N - 1])
