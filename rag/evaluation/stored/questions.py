"""Questions that people made or judged for a collection, in the file `questions.jsonl` of its evaluation folder.

They are drafted by a model and approved, written for a region of the map, or judged while the app is used. The file is
an exam in JSON lines, so it can be read elsewhere too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.evaluation.beir import ExamError
from rag.evaluation.passages import RankedHit, is_relevant
from rag.evaluation.questions import ExamQuestion, GoldSpan, as_lines, load_questions, located, question_id
from rag.evaluation.stored.runs import evaluation_folder
from rag.runtime.locked_files import change_file, set_aside

JUDGED_KIND = "judged"
_NAME = "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judgement as it is stored, and its span in the present documents, which may have been edited since."""

    stored: GoldSpan
    present: GoldSpan


def questions_path(folder: Path, uid: str) -> Path:
    """The file of a collection's questions; `folder` is that of the collections."""
    return evaluation_folder(folder, uid) / _NAME


def stored_questions(folder: Path, uid: str) -> tuple[ExamQuestion, ...]:
    """The questions in the order in which they were added; none without a file.

    Raises:
        ExamError: the file cannot be read, or a line is wrong; the message names the line.
    """
    path = questions_path(folder, uid)
    return load_questions(path) if path.exists() else ()


def add_questions(folder: Path, uid: str, added: Iterable[ExamQuestion]) -> None:
    """Add questions at the end; one with the id of a stored one replaces it at its place.

    Raises:
        ExamError: the file cannot be read or written.
    """
    given = {question.question_id: question for question in added}

    def with_added(stored: Sequence[ExamQuestion]) -> list[ExamQuestion]:
        known = {question.question_id for question in stored}
        kept = [given.get(question.question_id, question) for question in stored]
        return [*kept, *(question for name, question in given.items() if name not in known)]

    _change(folder, uid, with_added)


def remove_questions(folder: Path, uid: str, ids: Iterable[str]) -> None:
    """Remove the questions with these ids; unknown ones are ignored. Raises ExamError as `add_questions` does."""
    removed = frozenset(ids)
    _change(folder, uid, lambda stored: [one for one in stored if one.question_id not in removed])


def set_aside_questions(folder: Path, uid: str) -> None:
    """Rename a file of questions that cannot be read, so that there are none; see `rag.runtime.locked_files.set_aside`.

    Raises:
        ExamError: it cannot be renamed.
    """
    set_aside(questions_path(folder, uid), ExamError)


def judge(
    folder: Path, uid: str, text: str, span: GoldSpan, grade: int | None, *,
    instead_of: Iterable[GoldSpan] = (), known: Iterable[GoldSpan] = (),
) -> None:  # fmt: skip
    """Say whether a passage answers a question: grade 1 or more if it does, 0 if not, None to take a judgement back.

    Judgements of the same question are kept together, in the stored question that `question_with` finds, else in a new
    one. When its last one is taken back, the question is removed: without a passage it would count as unanswerable.
    A question that was drafted or written keeps its last passage.

    Args:
        text: the question as it was asked.
        span: the passage that was judged; its grade is replaced by `grade`.
        instead_of: earlier judgements of the same text, in other chunks; this judgement replaces them.
        known: passages that are known to answer the question. They are added with its first judgement.

    Raises:
        ExamError: the file cannot be read or written, or the last passage of a drafted or written question was to be
            taken back.
        ValueError: the text has no words.
    """
    if not _plain(text):
        raise ValueError("a question with no words cannot be stored")
    replaced = frozenset(_place(one) for one in (span, *instead_of))

    def with_judgement(stored: Sequence[ExamQuestion]) -> list[ExamQuestion]:
        question = question_with(stored, text)
        if question is None:
            if grade is None:
                return list(stored)
            question = ExamQuestion(judged_id(text), _plain(text), tuple(known), JUDGED_KIND, "judged")
        others = tuple(one for one in question.spans if _place(one) not in replaced)
        spans = others if grade is None else (*others, replace(span, grade=grade))
        if not spans and question.origin != "judged":
            raise ExamError(
                "This is the only passage of a question that was drafted or written, so it was not taken back. To "
                "remove the question, choose the exam 'My questions' on the Evaluate page."
            )
        return _with(stored, replace(question, spans=spans))

    _change(folder, uid, with_judgement)


def judged_id(text: str) -> str:
    """The id of the judged question with this text; spaces and line breaks make no difference."""
    return question_id(JUDGED_KIND, _plain(text), "")


def question_with(questions: Iterable[ExamQuestion], text: str) -> ExamQuestion | None:
    """The question that judgements of this text belong to: the first one with this text and with passages, or None.

    Spaces and line breaks make no difference. A drafted or written question takes part: a second question with the
    same text and other passages would contradict it.
    """
    wanted = _plain(text)
    return next((one for one in questions if one.spans and _plain(one.text) == wanted), None)


def grades_of(questions: Iterable[ExamQuestion], text: str) -> dict[tuple[str, int, int], int]:
    """The grades of the passages that were judged for a question, by document, start and end."""
    question = question_with(questions, text)
    return {_place(span): span.grade for span in question.spans} if question else {}


def present_judgements(question: ExamQuestion, texts: Mapping[str, str]) -> tuple[Judgement, ...]:
    """The judgements of a question whose passages the present documents hold, with their present places.

    Args:
        texts: the documents' texts by name.
    """
    found = ((span, located(replace(question, spans=(span,)), texts).question) for span in question.spans)
    return tuple(Judgement(span, place.spans[0]) for span, place in found if place is not None)


def judgements_of(judgements: Iterable[Judgement], passage: GoldSpan) -> tuple[Judgement, ...]:
    """The judgements of a passage or of one that shares at least half of the shorter with it; its own one first."""
    about = [one for one in judgements if is_same_text(one.present, passage)]
    return tuple(sorted(about, key=lambda one: _place(one.present) != _place(passage)))


def is_same_text(one: GoldSpan, other: GoldSpan) -> bool:
    """Whether a judgement of one span holds for the other: they share at least half of the shorter."""
    return is_relevant(RankedHit(0, one.document, one.start, one.end, 0.0), other)


def _with(stored: Sequence[ExamQuestion], question: ExamQuestion) -> list[ExamQuestion]:
    """The questions with this one in its place, or at the end; without it if it has no passages."""
    name = question.question_id
    if all(one.question_id != name for one in stored):
        return [*stored, question]
    changed = (question if one.question_id == name else one for one in stored)
    return [one for one in changed if one.spans or one.question_id != name]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _place(span: GoldSpan) -> tuple[str, int, int]:
    return span.document, span.start, span.end


def _change(folder: Path, uid: str, change: Callable[[Sequence[ExamQuestion]], Sequence[ExamQuestion]]) -> None:
    def content() -> bytes | None:
        stored = stored_questions(folder, uid)
        changed = tuple(change(stored))
        return as_lines(changed) if changed != stored else None

    change_file(questions_path(folder, uid), content, ExamError)
