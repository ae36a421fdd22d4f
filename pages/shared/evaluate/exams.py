"""The exam: the sample's questions, questions from the documents' structure, a person's questions, or a file."""

from __future__ import annotations

import hashlib

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.exams.stored_questions import EXAM, MY_QUESTIONS, my_questions, questions_version
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import (
    SAMPLE_NAME,
    STORED_NAME,
    STRUCTURE_NAME,
    CollectionExam,
    documents_of,
    sample_exam,
    stored_exam,
    structure_exam,
    uploaded_exam,
)
from rag.evaluation.collection_run import Setting
from rag.evaluation.exam_file import EXAMPLE
from rag.evaluation.questions import ExamQuestion, as_lines
from rag.evaluation.stored.runs import run_paths
from rag.store.collection import Collection
from rag.types import Document

SAMPLE, STRUCTURE, STORED, UPLOAD = "sample", "structure", "stored", "upload"
"""The exams to choose from."""
_NAMES = {
    SAMPLE: SAMPLE_NAME,
    STRUCTURE: STRUCTURE_NAME,
    STORED: STORED_NAME,
    UPLOAD: "Upload questions",
}
KINDS = {
    "sample": "sample",
    "heading": "heading",
    "faq": "question in the text",
    "glossary": "term",
    "caption": "caption",
    "index": "index entry",
    "reference": "cross-reference",
    "imported": "uploaded",
    "drafted": "drafted by a model",
    "judged": "judged in use",
    "written": "written by hand",
    "borrowed": "unanswerable: other subject",
    "changed": "unanswerable: changed name or number",
}
"""What the page calls the kinds of questions."""


@st.cache_resource(max_entries=2, show_spinner="Reading the documents")
def _documents(path: str, uid: str, generation: int, _collection: Collection) -> dict[str, Document]:
    return documents_of(_collection)


def documents(collection: Collection) -> dict[str, Document]:
    """The documents of the collection with their texts, by name."""
    return _documents(collection.location, collection.uid, collection.generation(), collection)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sample(path: str, uid: str, generation: int, _collection: Collection) -> CollectionExam | None:
    return sample_exam(documents(_collection))


@st.cache_resource(max_entries=4, show_spinner="Making questions from the documents' headings, lists and terms")
def _structure(path: str, uid: str, generation: int, _collection: Collection) -> CollectionExam:
    return structure_exam(documents(_collection))


@st.cache_resource(max_entries=4, show_spinner="Looking for the passages")
def _uploaded(
    path: str, uid: str, generation: int, name: str, digest: str, _content: bytes, _collection: Collection
) -> CollectionExam:
    return uploaded_exam(name, _content, documents(_collection))


@st.cache_resource(max_entries=4, show_spinner="Looking for the passages of your questions")
def _stored(
    path: str, uid: str, generation: int, folder: str, version: tuple[int, int], _collection: Collection
) -> CollectionExam:
    return stored_exam(my_questions(_collection), documents(_collection))


def is_my_questions(collection: Collection) -> bool:
    """Whether the exam 'My questions' is chosen."""
    return bool(st.session_state.get(_exam_key(collection)) == STORED)


def has_sample_exam(collection: Collection) -> bool:
    """Whether the sample's questions can be asked, because its documents are here."""
    return _sample(*_key(collection), collection) is not None


def made_exam(collection: Collection, kind: str) -> CollectionExam:
    """The exam that nobody has to prepare: SAMPLE, if it is there, or STRUCTURE, which may have no questions."""
    of_sample = _sample(*_key(collection), collection) if kind == SAMPLE else None
    return of_sample or _structure(*_key(collection), collection)


def select_exam(collection: Collection, kind: str) -> None:
    """Choose an exam in the control."""
    st.session_state[_exam_key(collection)] = kind


def has_chosen(collection: Collection) -> bool:
    """Whether an exam was chosen before, by a person or by the link that opened the page."""
    return _exam_key(collection) in st.session_state or EXAM in st.query_params


def choose_exam(collection: Collection, below: DeltaGenerator) -> CollectionExam | None:
    """The control for the exam; None if there is none yet, or if its file is wrong, which is shown in `below`."""
    key = _key(collection)
    offered = [name for name in _NAMES if name != SAMPLE or has_sample_exam(collection)]
    if st.query_params.get(EXAM) == MY_QUESTIONS:
        # A link chooses the exam once; the control stays free to choose another.
        del st.query_params[EXAM]
        select_exam(collection, STORED)
    chosen = st.selectbox(
        "Exam", offered, format_func=_NAMES.__getitem__, key=_exam_key(collection), width=300,
        persist_state="session", help=help_for("exam"),
    )  # fmt: skip
    if chosen in (SAMPLE, STRUCTURE):
        return made_exam(collection, chosen)
    if chosen == STORED:
        with below:
            return _of_stored(key, collection)
    file = _upload(collection)
    with below:
        return _read(key, file, collection)


def _key(collection: Collection) -> tuple[str, str, int]:
    return collection.location, collection.uid, collection.generation()


def _exam_key(collection: Collection) -> str:
    return f"evaluate-exam-{collection.uid}"


def _of_stored(key: tuple[str, str, int], collection: Collection) -> CollectionExam | None:
    try:
        return _stored(*key, str(config.data_dir()), questions_version(collection), collection)
    except ExplorerError as error:
        show_error(error)
        return None


def _upload(collection: Collection) -> UploadedFile | None:
    with st.popover("File", icon=":material/upload:", width="content"):
        file = st.file_uploader(
            "Questions as CSV or JSON lines", ["csv", "jsonl"], key=f"evaluate-file-{collection.uid}"
        )
        st.caption(
            "CSV: the columns question, document, and either passage (text copied from the document) or start and end "
            "(positions of characters). A question without a document is one that nothing answers. JSON lines: an "
            "exam saved on this page. Folders in the BEIR layout are for the command line: `python -m rag evaluate`."
        )
        st.download_button(
            "Example CSV", EXAMPLE.encode(), "exam.csv", "text/csv", on_click="ignore", icon=":material/download:"
        )
    return file


def _read(key: tuple[str, str, int], file: UploadedFile | None, collection: Collection) -> CollectionExam | None:
    if file is None:
        st.info("Upload your questions under **File**; the format is described there.", icon=":material/upload:")
        return None
    content = file.getvalue()
    try:
        return _uploaded(*key, file.name, hashlib.sha256(content).hexdigest(), content, collection)
    except ExplorerError as error:
        show_error(error)
        return None


def show_exam(collection: Collection, exam: CollectionExam, settings: tuple[Setting, ...]) -> None:
    """What a run will measure, in a sentence, and the questions of the exam, of which there are some."""
    show_what_is_measured(collection, exam, settings)
    label = f"Questions of this exam ({len(exam.questions):,})"
    # Before the first run, the questions are all there is to see.
    with st.expander(label, expanded=not run_paths(config.data_dir(), collection.uid), icon=":material/list:"):
        st.dataframe(question_table(exam.questions), hide_index=True, key="evaluate-exam-questions")
        download_questions(exam.name, exam.questions)


def show_notes(exam: CollectionExam) -> None:
    """What was left out of the exam, and why."""
    for note in exam.notes:
        st.caption(f":material/info: {escaped(note)}")


def show_what_is_measured(collection: Collection, exam: CollectionExam, settings: tuple[Setting, ...]) -> None:
    """What a run of the exam will measure, in a sentence, and what was left out."""
    show_notes(exam)
    st.markdown(_what_is_measured(collection, exam, settings))


def download_questions(name: str, questions: tuple[ExamQuestion, ...]) -> None:
    """A button that saves the questions as an exam in JSON lines."""
    st.download_button(
        "Download JSON lines", lambda: as_lines(questions), file_name=f"{name}.jsonl", mime="application/jsonl",
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _what_is_measured(collection: Collection, exam: CollectionExam, settings: tuple[Setting, ...]) -> str:
    asked = f"**{counted(exam.n_answerable, 'question')}** of this exam"
    n_others = len(exam.questions) - exam.n_answerable
    others = f" {n_others:,} more have no answer here: they show which minimum similarity turns them away."
    if not settings:
        return f"{asked}. Choose at least one search to compare."
    ways = "1 search" if len(settings) == 1 else f"{len(settings)} searches"
    k = settings[0].k
    wanted = "the first result" if k == 1 else f"among the first {k} results, and how high up"
    return (
        f"{asked}, asked with {ways} over {counted(collection.n_chunks(), 'chunk')}: is the passage that answers it "
        f"{wanted}?{others if n_others else ''}"
    )


def question_table(questions: tuple[ExamQuestion, ...]) -> pd.DataFrame:
    """A row for each question: its text, how it was made, and the passages that answer it."""
    return pd.DataFrame(
        {
            "question": [question.text for question in questions],
            "made from": [KINDS.get(question.kind, question.kind) for question in questions],
            "document": [", ".join(dict.fromkeys(s.document for s in question.spans)) for question in questions],
            "expected passage": [
                " … ".join(" ".join(s.quote.split()) for s in question.spans) for question in questions
            ],
        }
    )
