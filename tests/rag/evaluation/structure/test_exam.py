"""The exam as a whole: no copied sentences, no equal questions, a spread over documents and kinds, a seed."""

from __future__ import annotations

from collections import Counter

import pytest

from rag import config
from rag.documents.loading import load_document
from rag.evaluation.structure.candidates import copies, normalized
from rag.evaluation.structure.exam import questions_from
from tests.rag.evaluation.structure.asked import markdown, words

HANDBOOK = config.SAMPLES / "handbook"


@pytest.fixture(scope="module")
def handbook():
    return [load_document(path.name, path.read_bytes()) for path in sorted(HANDBOOK.iterdir())]


def test_copies_are_recognized_in_both_directions():
    passage = "Yes. The **paid** leave is 29 days. Ask Nadia."
    assert copies("paid leave", passage)
    assert copies("The paid leave is 29 days.", passage)
    assert copies("Is it true: the paid leave is 29 days?", passage)
    assert not copies("Is that a yes?", passage)
    assert not copies("leave paid", passage)
    assert not copies("days", "birthdays are free")


def test_no_question_copies_its_passage_and_all_differ(handbook):
    texts = {document.name: document.text for document in handbook}
    questions = questions_from(handbook)
    for question in questions:
        assert question.spans
        assert question.origin == "structure"
        for span in question.spans:
            passage = texts[span.document][span.start : span.end]
            assert passage.startswith(span.quote)
            assert f" {normalized(question.text)} " not in f" {normalized(passage)} "
            assert not copies(question.text, passage)
    assert len({normalized(question.text) for question in questions}) == len(questions)
    assert len({question.question_id for question in questions}) == len(questions)


def test_the_same_documents_and_seed_give_the_same_questions(handbook):
    first = questions_from(handbook, 20, seed=1)
    assert questions_from(iter(handbook), 20, seed=1) == first
    assert questions_from(handbook, 20, seed=2) != first
    everything = questions_from(handbook, 1_000)
    assert [one for one in everything if one in first] == list(first)


def test_documents_and_kinds_take_turns():
    long = "# Ropes\n\n" + "".join(f"## Long knots of sailor number{number}\n\n{words()}\n\n" for number in range(30))
    glossary = "# Glossary\n\n" + "".join(f"- **knot{number}**: A way to tie a rope.\n" for number in range(10))
    documents = [
        markdown(long, "long.md"),
        markdown(glossary, "words.md"),
        markdown(f"# Sea charts\n\n## Depth\n\n{words()}", "sea.md"),
    ]
    questions = questions_from(documents, 11)
    assert Counter(question.spans[0].document for question in questions) == {"long.md": 5, "words.md": 5, "sea.md": 1}
    assert len(questions_from(documents, 1_000)) == 41
    assert questions_from(documents, 0) == ()


def test_nothing_comes_of_nothing():
    assert questions_from([]) == ()
    assert questions_from([markdown("", "empty.md"), markdown("No heading here.", "bare.md")]) == ()


def test_two_documents_of_one_name_are_refused():
    with pytest.raises(ValueError, match="the same name"):
        questions_from([markdown("a"), markdown("b")])
