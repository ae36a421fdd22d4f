"""An exam as CSV: what its columns mean, and a sentence with the line for everything wrong in it."""

from __future__ import annotations

import pytest

from rag.evaluation.beir import ExamError
from rag.evaluation.exam_file import EXAMPLE, read_exam_csv
from tests.rag.evaluation.small_exam import DOCUMENTS, PARAGRAPHS
from tests.support.collections import plain_document

BY_NAME = {document.name: document for document in DOCUMENTS}
HEADER = "question,document,passage\n"


def read(text: str, documents=BY_NAME):
    return read_exam_csv("exam.csv", text.encode(), documents)


def test_a_passage_becomes_its_span():
    (one,) = read(f"{HEADER}Who hunts?,0.txt,hunts mice at night\n")
    (span,) = one.spans
    assert (one.text, one.origin, span.document, span.quote) == (
        "Who hunts?",
        "imported",
        "0.txt",
        "hunts mice at night",
    )
    assert PARAGRAPHS[0][span.start : span.end] == "hunts mice at night"


def test_start_and_end_are_a_span():
    (one,) = read("Question;Document;Start;End\nWho hunts?;0.txt;8;18\n")
    assert one.spans[0].quote == PARAGRAPHS[0][8:18]


def test_breaks_in_a_passage_do_not_matter():
    document = plain_document("wrapped.txt", "One line\nand the next\n  line.")
    (one,) = read(f"{HEADER}What?,wrapped.txt,One line and the next line.\n", {"wrapped.txt": document})
    assert (one.spans[0].start, one.spans[0].end) == (0, len(document.text))


def test_lines_with_the_same_question_are_one_with_two_passages():
    (one,) = read(f"{HEADER}Which?,0.txt,The owl\nWhich?,1.txt,Bread\n")
    assert [span.document for span in one.spans] == ["0.txt", "1.txt"]


def test_a_question_without_a_document_is_unanswerable():
    one, other = read(f"{HEADER}Who sings?,,\nWho hunts?,0.txt,The owl\n")
    assert one.is_unanswerable
    assert not other.is_unanswerable


def test_the_file_name_is_enough_if_it_is_clear():
    documents = {f"guide/{name}": plain_document(f"guide/{name}", one.text) for name, one in BY_NAME.items()}
    assert read(f"{HEADER}Who?,0.txt,The owl\n", documents)[0].spans[0].document == "guide/0.txt"
    twice = documents | {"old/0.txt": plain_document("old/0.txt", "The owl.")}
    with pytest.raises(ExamError, match=r"line 2: there are 2 documents called '0\.txt'"):
        read(f"{HEADER}Who?,0.txt,The owl\n", twice)


def test_a_spreadsheets_encodings_are_read():
    document = plain_document("müll.txt", "Der Müll wird am Montag geholt.")
    text = f"{HEADER}Wann kommt die Müllabfuhr?,müll.txt,am Montag\n"
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        (one,) = read_exam_csv("exam.csv", text.encode(encoding), {"müll.txt": document})
        assert one.text == "Wann kommt die Müllabfuhr?"


def test_the_example_is_an_exam():
    manual = plain_document("manual.pdf", "The warranty is three years, and five for commercial growers. Keep it.")
    one, other = read(EXAMPLE, {"manual.pdf": manual})
    assert one.spans[0].end == manual.text.index(" Keep")
    assert other.is_unanswerable


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: the column 'question' and 'document' is missing"),
        ("question,passage\nWho?,The owl\n", "line 1: the column 'document' is missing"),
        ("question,document\nWho?,0.txt\n", "line 1: the column 'passage' is missing"),
        ("question,document,start\nWho?,0.txt,3\n", "line 1: the column 'passage' is missing"),
        (HEADER, "has no question"),
        (f"{HEADER}\n,0.txt,The owl\n", "line 3: the question is empty"),
        (f"{HEADER}Who?,7.txt,The owl\n", "line 2: there is no '7.txt' in this collection"),
        (f"{HEADER}Who?,0.txt,The eagle\n", "line 2: the passage is not in '0.txt'"),
        (f"{HEADER}Who?,0.txt,\n", "line 2: neither a passage nor whole numbers"),
        (f"{HEADER}Who?,,The owl\n", "line 2: there is a passage but no document"),
        ("question,document,start,end\nWho?,0.txt,5,5\n", "line 2: [5, 5) is no span of '0.txt'"),
        ("question,document,start,end\nWho?,0.txt,5,9999\n", "line 2: [5, 9999) is no span of '0.txt'"),
        ("question,document,start,end\nWho?,0.txt,-1,9\n", "line 2: neither a passage nor whole numbers"),
        (f'{HEADER}"Who?,0.txt,The owl\n', "line 2: unexpected end of data"),
    ],
)
def test_everything_wrong_is_a_sentence_with_its_line(text, problem):
    with pytest.raises(ExamError) as caught:
        read(text)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("'exam.csv'")


def test_a_file_that_is_no_text_is_refused():
    with pytest.raises(ExamError, match="is not text"):
        read_exam_csv("exam.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, BY_NAME)
