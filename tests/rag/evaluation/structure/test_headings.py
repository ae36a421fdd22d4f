"""Questions from headings: what is asked, below which heading, with which passage, and what is left out."""

from __future__ import annotations

import pytest

from rag import config
from rag.documents.loading import load_document
from rag.evaluation.structure.plain_headings import plain_headings
from rag.types import Heading
from tests.rag.evaluation.structure.asked import asked, markdown, words

BODY = words()


def test_a_telling_heading_is_asked_alone_and_its_own_text_answers():
    text = f"# Handbook of the mill\n\nIntro.\n\n## Lost or stolen equipment\n\n{BODY}\n\n## Hotels\n\n{BODY} B"
    assert asked(markdown(text)) == {
        "Lost or stolen equipment": [BODY],
        "Handbook of the mill: Hotels": [f"{BODY} B"],
    }


def test_a_question_stays_as_it_is():
    text = f"# Support\n\n## Returns\n\n### How do I reset my password?\n\n{BODY}\n\n### Why use it?\n\n{BODY}"
    assert list(asked(markdown(text))) == ["How do I reset my password?", "Returns: Why use it?"]


def test_a_general_heading_gets_the_nearest_telling_one_above_it():
    text = f"# Clients\n\n## Connection pools\n\n### Examples\n\n#### Usage\n\n{BODY}"
    assert list(asked(markdown(text))) == ["Connection pools: Usage"]


def test_headings_that_repeat_are_told_apart_by_their_documents():
    documents = [
        markdown(f"---\ntitle: {title}\n---\n\n## Ingredients\n\n- {BODY} {title[0]}\n\n## Directions\n\n{BODY}", name)
        for title, name in (("Brown Sauce", "a.md"), ("Pear Syrup", "b.md"))
    ]
    found = asked(*documents)
    assert list(found) == [
        "Brown Sauce",
        "Brown Sauce: Ingredients",
        "Brown Sauce: Directions",
        "Pear Syrup",
        "Pear Syrup: Ingredients",
        "Pear Syrup: Directions",
    ]
    assert found["Brown Sauce: Ingredients"] == [f"- {BODY} B"]


def test_a_heading_that_stays_ambiguous_has_several_passages_or_is_left_out():
    part = "## Opening hours of shops\n\n{}\n\n"
    three = markdown("# Town\n\n" + "".join(part.format(f"{BODY} {number}") for number in range(3)))
    assert [len(spans) for spans in asked(three).values()] == [3]
    four = markdown("# Town\n\n" + "".join(part.format(f"{BODY} {number}") for number in range(4)))
    assert asked(four) == {}


def test_a_heading_that_its_section_repeats_is_asked_below_another_or_not_at_all():
    text = "# Staff\n\n## Paid leave at the mill\n\nPaid leave at the mill is 29 days a year for all of our people.\n"
    assert list(asked(markdown(text))) == ["Staff: Paid leave at the mill"]
    assert asked(markdown(text.replace("# Staff\n\n", ""), "x.md")) == {}


@pytest.mark.parametrize(
    "heading",
    [
        "Contents", "References", "License", "Changelog", "0.28.1 (6th December 2024)", "v2.0", "[1.2.3]", "2024",
        "`def chunk(self, text)`", "`get(url)`", "`--verbose`", "GET /items", "See also",
        "3.1", "If you use Windows", "Where is", "Inhaltsverzeichnis", "目录",
    ],
)  # fmt: skip
def test_headings_that_nobody_looks_for_are_left_out(heading):
    assert asked(markdown(f"# Travel handbook\n\n## {heading}\n\n{BODY}\n\n### Deep below this heading\n\nNo.")) == {}


def test_sections_below_such_a_heading_are_left_out_too():
    assert asked(markdown(f"# Tool\n\n## Release notes\n\n### Faster start of servers\n\n{BODY}")) == {}
    assert asked(markdown(f"# Changelog\n\n## Faster start of servers\n\n{BODY}")) == {}


@pytest.mark.parametrize(
    "body",
    [
        "Too short.",
        "- [The first link of these](a.md)\n- [The second link of these](b.md)\n- [The third link of these](c.md)",
        "For everything about this subject, please see the long [page on the subject](https://example.com/page).",
        "<!-- " + BODY + " -->",
        words(2_000),
    ],
)
def test_sections_that_answer_nothing_are_left_out(body):
    assert asked(markdown(f"# Book\n\n## Safety rules for visitors\n\n{body}\n\n## End\n")) == {}


def test_comments_in_code_are_no_headings():
    text = f"# Tool\n\n## Start of the server\n\n{BODY}\n\n  ```sh\n# Pass the tools of this list\n{BODY}\n  ```\n"
    assert list(asked(markdown(text))) == ["Tool: Start of the server"]


def test_a_section_that_announces_others_needs_more_words():
    text = f"# Tool\n\n## Fast start of servers\n\n{words(24)}\n\n### Slow boot of clients\n\n{words(10)}"
    assert list(asked(markdown(text))) == ["Slow boot of clients"]
    assert "Tool: Fast start of servers" in asked(markdown(text.replace("filler3", "filler3 and filler")))


def test_markup_numbers_and_symbols_are_removed_from_a_heading():
    text = f"# Tool\n\n## 4.2 **Fast** [start](x.md) with `uv` :rocket: 🚀 {{#start}}\n\n{BODY}"
    assert list(asked(markdown(text))) == ["Tool: Fast start with uv"]


def test_a_heading_may_hold_the_sign_that_separates_paths():
    text = f"# Settings > Network\n\n## Proxy for guests\n\n{BODY}\n\n# Other\n\n{BODY}"
    assert "Settings > Network: Proxy for guests" in asked(markdown(text))


def test_a_document_without_title_is_named_by_its_file_or_folder():
    text = f"Intro.\n\n## Overview\n\n{BODY}"
    assert list(asked(markdown(text, "docs/travel_policy.md"))) == ["travel policy: Overview"]
    assert list(asked(markdown(text, "greenhouse/README.md"))) == ["greenhouse: Overview"]
    assert asked(markdown(text, "README.md")) == {}


def test_headings_in_plain_text_are_lines_above_paragraphs():
    paragraph = "The workshop is open from seven in the morning until nine in the evening on all days."
    text = (
        f"Workshop manual\n{paragraph}\nOpening hours\n{paragraph}\nIt is closed\nin winter.\n\n1. Laser cutter\n\n"
        f"{paragraph}\nPage header\n{paragraph}\nPage header\n{paragraph}\nEnds with a stop.\n{paragraph}\nlower case\n"
        f"{paragraph}"
    )
    assert [heading.path for heading in plain_headings(text)] == [
        "Workshop manual",
        "Workshop manual > Opening hours",
        "Workshop manual > 1. Laser cutter",
    ]
    assert plain_headings("") == ()
    assert plain_headings(f"{paragraph}\n\nOne Heading\n\n{paragraph}") == (Heading(len(paragraph) + 2, "One Heading"),)


def test_the_sample_handbook_gives_questions_of_every_document():
    folder = config.SAMPLES / "handbook"
    documents = [load_document(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
    found = asked(*documents)
    assert len(found) >= 60
    assert found["How is a controller reset?"][0].startswith("To reset a Dewlatch controller")
    assert found["Travel policy: Hotels"][0].startswith("A hotel room may cost")
    assert found["Workshop manual: The laser cutter"][0].startswith("Oda Renwick gives the training")
    assert found["What does E27 mean?"][0].startswith("E27")
