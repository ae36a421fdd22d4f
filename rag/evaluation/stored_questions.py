"""Questions that people made or judged for a collection, in the file `questions.jsonl` of its evaluation folder.

They are drafted by a model and approved, written for a region of the map, or judged while the app is used. The file is
an exam in JSON lines, so it can be read elsewhere too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from rag.evaluation.beir import ExamError
from rag.evaluation.questions import ExamQuestion, GoldSpan, as_lines, load_questions, question_id
from rag.evaluation.stored_runs import evaluation_folder
from rag.runtime.atomic_files import write_atomically

JUDGED_KIND = "judged"
_NAME, _LOCK = "questions.jsonl", ".questions.lock"
_SECONDS_TO_WAIT = 10.0


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


def judge(folder: Path, uid: str, text: str, span: GoldSpan, grade: int | None) -> None:
    """Say whether a passage answers a question: grade 1 or more if it does, 0 if not, None to take a judgement back.

    Judgements of the same question are kept together in one question. When its last one is taken back, the question
    is removed: without a passage it would count as unanswerable.

    Args:
        text: the question as it was asked.
        span: the passage that was judged; its grade is replaced by `grade`.

    Raises:
        ExamError: the file cannot be read or written.
    """
    wanted = judged_id(text)

    def with_judgement(stored: Sequence[ExamQuestion]) -> list[ExamQuestion]:
        known = next((question for question in stored if question.question_id == wanted), None)
        spans = _judged(known.spans if known else (), span, grade)
        question = ExamQuestion(wanted, " ".join(text.split()), spans, JUDGED_KIND, "judged")
        if known is None:
            return [*stored, question] if spans else list(stored)
        changed = (question if one.question_id == wanted else one for one in stored)
        return [one for one in changed if one.spans or one.question_id != wanted]

    _change(folder, uid, with_judgement)


def judged_id(text: str) -> str:
    """The id of the judged question with this text; spaces and line breaks make no difference."""
    return question_id(JUDGED_KIND, " ".join(text.split()), "")


def grades_of(questions: Iterable[ExamQuestion], text: str) -> dict[tuple[str, int, int], int]:
    """The grades of the passages that were judged for a question, by document, start and end."""
    wanted = judged_id(text)
    spans = (span for question in questions if question.question_id == wanted for span in question.spans)
    return {_place(span): span.grade for span in spans}


def _judged(spans: Sequence[GoldSpan], span: GoldSpan, grade: int | None) -> tuple[GoldSpan, ...]:
    """The spans with the judgement of one of them set or, for None, taken back."""
    others = tuple(one for one in spans if _place(one) != _place(span))
    return others if grade is None else (*others, replace(span, grade=grade))


def _place(span: GoldSpan) -> tuple[str, int, int]:
    return span.document, span.start, span.end


def _change(folder: Path, uid: str, change: Callable[[Sequence[ExamQuestion]], Sequence[ExamQuestion]]) -> None:
    path = questions_path(folder, uid)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(_LOCK), timeout=_SECONDS_TO_WAIT):
            stored = stored_questions(folder, uid)
            changed = tuple(change(stored))
            if changed != stored:
                write_atomically(path, as_lines(changed))
    except Timeout as error:
        raise ExamError(
            f"'{path}' is being changed by another program for more than {_SECONDS_TO_WAIT:.0f} seconds. Nothing was "
            "changed; try again."
        ) from error
    except OSError as error:
        raise ExamError(
            f"'{path}' cannot be written: {error.strerror}. Nothing was changed. Check the free space on the disk and "
            "that the folder is writable."
        ) from error
