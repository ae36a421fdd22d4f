"""Questions with gold spans: their file, a sentence for everything wrong in it, and spans in edited documents."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from rag.evaluation.beir import ExamError
from rag.evaluation.questions import (
    QUOTED,
    ExamQuestion,
    GoldSpan,
    Located,
    gold_span,
    load_questions,
    located,
    question_id,
    save_questions,
)
from rag.types import Document

TEXT = (
    "Owls hunt at night.\n\nThe code changes on the first Monday of every month. It is on a card.\n\nBread needs salt."
)
DOCUMENT = Document("d1", "guide.md", "text/markdown", TEXT, "")
START = TEXT.index("The code")
END = TEXT.index("\n\nBread")
SPAN = gold_span(DOCUMENT, START, END)
QUESTION = ExamQuestion("q1", "When does the code change?", (SPAN,), "heading", "structure")
UNANSWERABLE = ExamQuestion("q2", "Who feeds the cat? 猫", (), "borrowed", "imported")
LINE = json.dumps(asdict(QUESTION))


def changed_line(**changes: object) -> str:
    return json.dumps(asdict(QUESTION) | changes)


def changed_span(**changes: object) -> str:
    return changed_line(spans=[asdict(SPAN) | changes])


def test_a_span_quotes_its_first_characters():
    assert SPAN.quote == "The code changes on the first Monday of every month. It is on a card."
    long = Document("d", "long.md", "text/markdown", "x" * 1_000, "")
    assert len(gold_span(long, 5, 900).quote) == QUOTED
    for start, end in ((-1, 3), (3, 3), (0, 1_001)):
        with pytest.raises(ValueError, match="is no span"):
            gold_span(long, start, end)


def test_a_question_without_spans_is_unanswerable():
    assert UNANSWERABLE.is_unanswerable
    assert not QUESTION.is_unanswerable


def test_ids_depend_on_all_three_parts():
    parts = ("heading", "Hotels", "travel.md")
    assert question_id(*parts) == question_id(*parts)
    assert len({question_id(*parts), question_id("faq", *parts[1:]), question_id(*parts[:2], "other.md")}) == 3
    assert len(question_id(*parts)) == 16


def test_questions_are_read_as_they_were_saved(tmp_path):
    path = tmp_path / "exam.jsonl"
    questions = (QUESTION, UNANSWERABLE, replace(QUESTION, question_id="q3", spans=(replace(SPAN, grade=0),)))
    save_questions(path, questions)
    assert load_questions(path) == load_questions(path, {"guide.md": TEXT}) == questions
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert "猫" in lines[1]


def test_a_byte_order_mark_blank_lines_and_other_line_ends_are_accepted(tmp_path):
    path = tmp_path / "exam.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + LINE.encode() + b"\r\n\r\n")
    assert load_questions(path) == (QUESTION,)


BROKEN = {
    "no JSON": ([LINE, "owls"], "line 2: Invalid JSON: expected value at column 1"),
    "no object": (["[1]"], "line 1: Input should be an object"),
    "a missing field": ([json.dumps({"text": "Why?"})], "line 1: question_id is missing"),
    "a number as text": ([changed_line(text=5)], "line 1: text is 5: Input should be a valid string"),
    "a text as offset": ([changed_span(start="1")], "spans.0.start is '1': Input should be a valid integer"),
    "an unknown origin": ([changed_line(origin="guessed")], "line 1: origin is 'guessed'"),
    "an empty question": (["", changed_line(text=" ")], "line 2: text is empty"),
    "a repeated id": ([LINE, LINE], "line 2: the id 'q1' occurs on an earlier line"),
    "an empty span": ([changed_span(end=START)], f"goes from {START} to {START}"),
    "a negative offset": ([changed_span(start=-1)], "a span of 'guide.md' goes from -1"),
    "a negative grade": ([changed_span(grade=-1)], "has the grade -1"),
    "half a character": ([LINE.replace("When", "\\ud800")], "line 1: Invalid JSON"),
    "an unknown document": ([changed_span(document="x.md")], "line 1: there is no document 'x.md'"),
    "a span outside": ([changed_span(end=9_999)], f"ends at 9,999, but 'guide.md' has {len(TEXT)} characters"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_line_is_a_sentence(tmp_path, case):
    lines, expected = BROKEN[case]
    path = tmp_path / "exam.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ExamError) as error:
        load_questions(path, {"guide.md": TEXT})
    message = str(error.value)
    assert expected in message
    assert message.startswith(f"'{path}', line ")
    assert message.endswith(".")
    assert "\n" not in message


def test_files_that_cannot_be_read_or_written_are_named(tmp_path):
    with pytest.raises(ExamError, match="There is no file"):
        load_questions(tmp_path / "none.jsonl")
    with pytest.raises(ExamError, match="cannot be read"):
        load_questions(tmp_path)
    with pytest.raises(ExamError, match="cannot be written"):
        save_questions(tmp_path, [QUESTION])
    path = tmp_path / "latin.jsonl"
    path.write_bytes(LINE.encode() + b"\n" + '{"text": "schön"}'.encode("latin-1"))
    with pytest.raises(ExamError, match="line 2: the text is not UTF-8"):
        load_questions(path)


def test_spans_stay_in_an_unchanged_document():
    assert located(QUESTION, {"guide.md": TEXT}) == Located(QUESTION)
    assert located(UNANSWERABLE, {}) == Located(UNANSWERABLE)


def test_a_span_moves_with_its_passage():
    found = located(QUESTION, {"guide.md": f"New first line.\n\n{TEXT}"})
    assert found.lost == ()
    moved = found.moved[0]
    assert (moved.start, moved.end) == (START + 17, END + 17)
    assert found.question is not None
    assert found.question.spans == found.moved


def test_a_passage_is_found_with_other_line_breaks_and_in_a_renamed_document():
    text = "Intro.\n" + TEXT[START:END].replace(" ", "\n")
    moved = located(QUESTION, {"renamed.md": text}).moved[0]
    assert text[moved.start : moved.end] == TEXT[START:END].replace(" ", "\n")
    assert moved.document == "renamed.md"


def test_of_several_places_the_nearest_counts():
    twice = f"{TEXT[START:END]} {'x ' * 100}{TEXT[START:END]}"
    assert located(QUESTION, {"guide.md": twice}).moved[0].start == 0
    far = replace(QUESTION, spans=(replace(SPAN, start=250, end=250 + END - START),))
    assert located(far, {"guide.md": twice}).moved[0].start == twice.rindex("The code")


def test_a_long_passage_keeps_its_length_and_ends_with_the_document():
    text = "".join(f"Sentence number {i}. " for i in range(40))
    document = Document("d", "long.md", "text/markdown", text, "")
    question = replace(QUESTION, spans=(gold_span(document, 0, 600),))
    moved = located(question, {"long.md": f"Preface. {text}"}).moved[0]
    assert (moved.start, moved.end) == (9, 609)
    cut = located(question, {"long.md": f"Preface. {text[:400]}"}).moved[0]
    assert (cut.start, cut.end) == (9, 409)


def test_a_passage_that_is_gone_is_reported():
    other = GoldSpan("guide.md", 0, 19, quote="Owls hunt at night.")
    two = replace(QUESTION, spans=(SPAN, other))
    found = located(two, {"guide.md": "Owls hunt at night."})
    assert found == Located(replace(two, spans=(other,)), (), (SPAN,))
    assert located(QUESTION, {"guide.md": "Nothing is left."}) == Located(None, (), (SPAN,))
    assert located(QUESTION, {}) == Located(None, (), (SPAN,))


def test_a_span_without_a_quote_stays_within_its_document():
    bare = replace(QUESTION, spans=(GoldSpan("guide.md", 3, 9),))
    assert located(bare, {"guide.md": TEXT}) == Located(bare)
    assert located(bare, {"guide.md": "Owls"}).question is None
    assert located(bare, {"other.md": TEXT}).question is None
