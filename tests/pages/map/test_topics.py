"""The topics below the map: contents that fly there, a topic's chunks, comparisons of topics and of selections."""

from __future__ import annotations

import pytest

from pages.shared.widgets.map_state import MapState
from tests.pages.support.app import button, labelled, shown, start, texts

VIEW = "View of the topics"


def view(app):
    return labelled(app.get("button_group"), VIEW)


def topic_buttons(app, sample, place: str = "below"):
    return [one for one in app.button if (one.key or "").startswith(f"map-topic-{place}-{sample.uid}-")]


def metrics(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_contents_open_a_topic_and_move_the_map_there(sample):
    app = start()
    assert f"map-state-{sample.uid}" in app.session_state
    assert app.session_state[f"map-state-{sample.uid}"].flight is None
    sizes = [int(one.label.rpartition("[")[2].rstrip("]").replace(",", "")) for one in topic_buttons(app, sample)]
    assert len(sizes) > 2
    assert sizes == sorted(sizes, reverse=True)
    third = topic_buttons(app, sample)[2]
    name = shown(third.label.partition(" :gray[")[0])
    third.click().run()
    assert f"{name}** · {sizes[2]} chunks" in texts(app)
    assert "Nearest topic: " in texts(app)
    assert app.session_state[f"map-state-{sample.uid}"].flight.number == 1
    listed = topic_buttons(app, sample, "above")
    assert [one.label for one in listed] == [one.label for one in topic_buttons(app, sample)]
    listed[0].click().run()
    assert f"{shown(listed[0].label.partition(' :gray[')[0])}** · " in texts(app)
    assert app.session_state[f"map-state-{sample.uid}"].flight.number == 2


def test_a_topic_is_compared_with_its_nearest(sample):
    app = start()
    button(app, "Compare the two").click().run()
    assert labelled(app.selectbox, "First group").value == "topic-0"
    found = metrics(app)
    assert -1 <= float(found["Similarity of the means"]) <= 1
    assert found["Nearer to their group"].endswith(" %")
    assert found["Chunks in both"] == "0"
    frames = [frame.value for frame in app.dataframe]
    assert any("phrase" in frame for frame in frames)
    assert any("value" in frame for frame in frames)


def test_two_selections_are_compared(sample):
    app = start()
    view(app).set_value("Compare").run()
    ids = sample.chunk_ids().tolist()
    state = MapState(selected=tuple(ids[:10]))
    app.session_state[f"map-state-{sample.uid}"] = state
    app.run()
    button(app, "Keep the 10 selected chunks").click().run()
    app.session_state[f"map-state-{sample.uid}"] = MapState(selected=tuple(ids[8:20]))
    app.run()
    labelled(app.selectbox, "First group").set_value("kept").run()
    labelled(app.selectbox, "Second group").set_value("selected").run()
    assert metrics(app)["Chunks in both"] == "2"
    labelled(app.selectbox, "Second group").set_value("others").run()
    assert metrics(app)["Chunks in both"] == "0"
    labelled(app.selectbox, "Second group").set_value("kept").run()
    assert "Choose two different groups" in "".join(info.value for info in app.info)


@pytest.mark.parametrize("side", ["First group", "Second group"])
def test_a_selection_that_is_cleared_is_no_longer_compared(sample, side):
    app = start()
    view(app).set_value("Compare").run()
    app.session_state[f"map-state-{sample.uid}"] = MapState(selected=tuple(sample.chunk_ids().tolist()[:5]))
    app.run()
    labelled(app.selectbox, side).set_value("selected").run()
    app.session_state[f"map-state-{sample.uid}"] = MapState()
    app.run()
    assert labelled(app.selectbox, side).value.startswith("topic-")
