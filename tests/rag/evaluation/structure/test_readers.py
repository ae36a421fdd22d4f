"""Questions from FAQs, glossaries, captions, indexes and references, each from a small document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.documents.loading import load_document
from rag.types import Document
from tests.rag.evaluation.structure.asked import asked, markdown, words

BODY = words()


def test_labelled_questions_and_answers_are_pairs():
    text = (
        "Q: Who pays for the parcel?\nA: We do within the country.\n\n"
        "**Q2:** Is the brown box of the sender needed?\n\n**A2:** No, any box will do.\n"
    )
    assert asked(markdown(text), kind="faq") == {
        "Who pays for the parcel?": ["We do within the country."],
        "Is the brown box of the sender needed?": ["No, any box will do."],
    }
    assert asked(markdown("Q: Who pays for the parcel?\n\nNobody knows that.\n"), kind="faq") == {}


def test_question_lines_count_if_they_are_bold_or_several():
    bold = "# Club news\n\n**Who may join the rowing club?**\n\nAnybody who can swim.\n\nThe fee is low.\n"
    assert asked(markdown(bold), kind="faq") == {
        "Who may join the rowing club?": ["Anybody who can swim.\n\nThe fee is low."]
    }
    plain = "Who may join the club?\n\nAnybody who can swim.\n\n"
    assert asked(markdown(plain), kind="faq") == {}
    two = f"{plain}How much is the fee?\n\nTwelve euros a year.\n\nSecond.\n\nThird.\n\nFourth.\n"
    assert asked(markdown(two, "rowing.md"), kind="faq") == {
        "Who may join the club?": ["Anybody who can swim."],
        "How much is the fee?": ["Twelve euros a year.\n\nSecond.\n\nThird."],
    }


def test_folded_questions_end_with_their_block():
    text = (
        '??? question "Is Python 3.14 supported?"\n\n    ### Is Python 3.14 supported?\n\n    From version 2.59 on.\n\n'
        "<details>\n<summary>How do I remove the plugin?</summary>\n\nDelete its folder.\n\n</details>\n\nThe end.\n"
    )
    found = asked(markdown(text, "tool.md"), kind="faq")
    assert found["Is Python 3.14 supported?"] == ["From version 2.59 on."]
    assert found["How do I remove the plugin?"] == ["Delete its folder."]


def test_code_and_tables_hold_no_question_lines():
    text = (
        "# Tool\n\n```\n**Who may join the rowing club?**\n\nAnybody.\n```\n\n"
        "| **Is this a question?** |\n| --- |\n| no |\n"
    )
    assert asked(markdown(text), kind="faq") == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "faq.csv",
            "question,answer\nWho pays for the parcel?,We do within the country.\nIs a box needed?,Any will do.\n",
        ),
        (
            "faq.md",
            "# Post\n\n| Question | Answer |\n|---|---|\n| Who pays for the parcel? | We do within the country. |\n",
        ),
    ],
)
def test_rows_with_a_question_and_an_answer_are_pairs(name, content):
    document = load_document(name, content.encode())
    assert asked(document, kind="faq")["Who pays for the parcel?"] == ["We do within the country."]


def test_the_entries_of_a_glossary_are_asked_without_their_terms():
    text = (
        "# Glossary\n\n- **chunk**: A piece of a document with one embedding.\n"
        "- **hit**: A chunk that a search found.\n"
        "- **note**: Nothing to be asked about here.\n- **x**: too short\n"
    )
    assert asked(markdown(text)) == {
        "What does chunk mean?": ["A piece of a document with one embedding."],
        "What does hit mean?": ["A chunk that a search found."],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cold frame -- a box with a glass lid for young plants.\n", "What does Cold frame mean?"),
        ("Cold frame – a box with a glass lid for young plants.\n", "What does Cold frame mean?"),
        ("Cold frame\n:   A box with a glass lid for young plants.\n", "What does Cold frame mean?"),
        (
            "| Term | Definition |\n|---|---|\n| Cold frame | A box with a glass lid for plants. |\n",
            "What does Cold frame mean?",
        ),
        ("- `max_tokens`: the largest number of tokens of a chunk\n", "What is max_tokens for?"),
    ],
)
def test_definitions_are_written_in_several_ways(text, expected):
    assert list(asked(markdown(f"# Words\n\n## Terminology\n\n{text}"), kind="glossary")) == [expected]


def test_lists_outside_a_glossary_count_if_they_define():
    articles = (
        "- Bowline: a knot that holds under load.\n- Clove: a knot for a post or a rail.\n"
        "- Carrick: the knot of two ropes.\n"
    )
    assert len(asked(markdown(f"# Ropes\n\n{articles}"), kind="glossary")) == 3
    assert asked(markdown("# Ropes\n\n" + "".join(articles.splitlines(keepends=True)[:2])), kind="glossary") == {}
    times = "- Prep time: 15 minutes or more\n- Cook time: 30 minutes or more\n- Rest time: one whole hour or more\n"
    assert asked(markdown(f"# Bread\n\n{times}"), kind="glossary") == {}
    names = (
        "- `top_k`: how many words may follow\n- `top_p`: see `top_k` for it all\n- `min_p`: what share a word needs\n"
    )
    assert list(asked(markdown(f"# Model\n\n{names}"), kind="glossary")) == ["What is top_k for?", "What is min_p for?"]


def test_terms_are_asked_in_the_language_of_the_document():
    text = "# Glossar\n\n- **Frühbeet**: Ein Kasten mit einem Deckel aus Glas für junge Pflanzen.\n"
    document = replace(markdown(text), language="de")
    assert list(asked(document)) == ["Was bedeutet Frühbeet?"]


def test_codes_of_a_table_are_asked_and_the_row_answers():
    rows = "code,severity,text\nE03,info,Set the clock in the menu.\nE07,warning,Replace the battery soon.\n"
    found = asked(load_document("codes.csv", rows.encode()), kind="glossary")
    assert list(found) == ["What does E03 mean?", "What does E07 mean?"]
    assert "Set the clock" in found["What does E03 mean?"][0]


def test_a_captions_gold_is_its_table_and_what_refers_to_it():
    text = (
        "# Travel\n\nThe amounts are in Table 2, and Table 20 has others.\n\nTable 2: Allowance by country and zone\n\n"
        "| Zone | Euros |\n|---|---|\n| North | 61 |\n\nFigure 1. Offices along the northern coast\n\n"
        "Nothing refers to it.\n"
    )
    found = asked(markdown(text), kind="caption")
    assert list(found) == ["Allowance by country and zone"]
    assert found["Allowance by country and zone"] == [
        "Zone: North; Euros: 61",
        "The amounts are in Table 2, and Table 20 has others.",
    ]


def test_a_figure_is_answered_where_the_text_refers_to_it():
    text = (
        "Fig. 3 – Growth of tomato seedlings under glass\n\nAs Figure 3 shows, they double their height in nine days.\n"
    )
    assert list(asked(markdown(text, "a.md"), kind="caption").values()) == [
        ["As Figure 3 shows, they double their height in nine days."]
    ]


def test_an_images_description_is_asked_if_the_paragraph_next_to_it_is_about_it():
    image = "![Wiring diagram of the vent motor](motor.png)"
    about = "The vent motor has three wires; the wiring is shown with the diagram, and red is always the live one."
    assert asked(markdown(f"# Manual\n\n{image}\n\n{about}\n"), kind="caption") == {
        "Wiring diagram of the vent motor": [about]
    }
    assert asked(markdown(f"# Manual\n\n{image}\n\n{BODY}\n"), kind="caption") == {}


def test_index_entries_are_answered_on_their_pages():
    pages = [
        "Gardens under glass\n\nA title page.",
        f"Heating pipes lie below the benches and are bled every autumn.\n\n{BODY} one.",
        f"{BODY} two.\n\nShade screens close when the sun is strong, at noon above all in July.",
        f"{BODY} three.\n\nWater valves open at night, and the frost guard closes all of them again.",
        "Index\n\nfrost guard, 3\nheating pipes, 1\nscreens, shade, 2\nvalves, water, 3\n"
        "water valves, 3\nmissing word, 2\n",
    ]
    starts, position = [], 0
    for page in pages:
        starts.append(position)
        position += len(page) + 2
    document = Document("b", "glass.pdf", "application/pdf", "\n\n".join(pages), "", tuple(starts))
    found = asked(document, kind="index")
    assert found["glass: heating pipes"] == ["Heating pipes lie below the benches and are bled every autumn."]
    assert found["glass: shade screens"][0].startswith("Shade screens close")
    assert found["glass: frost guard"][0].startswith("Water valves open")
    assert not any("missing" in question for question in found)
    assert asked(replace(document, pages=()), kind="index") == {}


SETUP = (
    "# Setup\n\n## Installing\n\n"
    "The pump is screwed to the wall with four bolts, and the bolts are greased before winter.\n"
)


def test_a_link_asks_for_the_section_that_it_points_to():
    origin = markdown(
        "# Start\n\nRead about [bolts of the pump](setup.md#installing) or go [here](setup.md#installing).\n",
        "start.md",
    )
    found = asked(origin, markdown(SETUP, "setup.md"), kind="reference")
    assert found == {"Setup: bolts of the pump": [SETUP.split("\n\n")[2].strip()]}
    assert asked(origin, kind="reference") == {}


def test_a_link_to_something_else_is_not_asked():
    for link in (
        "[orchids in the winter](setup.md#installing)",
        "[bolts of the pump](https://example.com/setup.md#installing)",
        "[bolts of the pump](other.md)",
        "[bolts of the pump](setup.md#removing)",
        "![bolts of the pump](setup.md#installing)",
        "[Installing](setup.md#installing)",
    ):
        origin = markdown(f"# Start\n\nRead {link}.\n", "start.md")
        assert asked(origin, markdown(SETUP, "setup.md"), kind="reference") == {}


def test_what_a_sentence_promises_is_asked():
    text = (
        "# Pump\n\nFor details about the grease of bolts, see Section 2. If you want to screw bolts to the wall, see "
        "[this](#wall).\n\n## 2. Care\n\nGrease the pump before the winter, and turn each of its bolts once a year.\n\n"
        "## Wall\n\nTake four bolts and a screw driver, and hold the pump to the wall while a friend turns them.\n"
    )
    found = asked(markdown(text, "pump.md"), kind="reference")
    assert "Pump: grease of bolts" in found or "grease of bolts" in found
    assert any(question.endswith("How to screw bolts to the wall") for question in found)
