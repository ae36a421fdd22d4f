"""Drafts and what a person decided on each, in the file `drafts.jsonl` of a collection's evaluation folder.

Drafts wait there until they are approved, which makes them questions of the collection, or rejected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import first_problem
from rag.evaluation.beir import ExamError
from rag.evaluation.drafting.draft import Draft, as_question
from rag.evaluation.stored.questions import add_questions
from rag.evaluation.stored.runs import evaluation_folder
from rag.runtime.locked_files import change_file, set_aside

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Decision = Literal["waiting", "approved", "rejected"]
_NAME = "drafts.jsonl"


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft and the decision on it."""

    draft: Draft
    decision: Decision = "waiting"

    @property
    def draft_id(self) -> str:
        """Its id: that of the question it would become as drafted."""
        return as_question(self.draft).question_id


def drafts_path(folder: Path, uid: str) -> Path:
    """The file of a collection's drafts; `folder` is that of the collections."""
    return evaluation_folder(folder, uid) / _NAME


def stored_drafts(folder: Path, uid: str) -> tuple[StoredDraft, ...]:
    """The drafts in the order in which they were written; none without a file.

    Raises:
        ExamError: the file cannot be read, or a line is wrong; the message names the line.
    """
    path = drafts_path(folder, uid)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ExamError(f"'{path}' cannot be read: {error.strerror}. Check the file and its permissions.") from error
    return tuple(_read(path, content))


def add_draft(folder: Path, uid: str, draft: Draft) -> None:
    """Add a draft at the end, waiting; one that is there already stays as it is.

    Raises:
        ExamError: the file cannot be read or written.
    """
    added = StoredDraft(draft)

    def with_draft(stored: Sequence[StoredDraft]) -> list[StoredDraft]:
        return [*stored] if any(one.draft_id == added.draft_id for one in stored) else [*stored, added]

    _change(folder, uid, with_draft)


def approve(folder: Path, uid: str, draft_id: str, text: str) -> None:
    """Make a draft a question of the collection, with its text as a person has edited it.

    The question is stored first: if the program ends in between, the draft still waits, and nothing is lost.

    Raises:
        ExamError: the text is empty, the draft is no longer there, or a file cannot be read or written.
    """
    if not text.strip():
        raise ExamError("The question is empty. Write a question, or reject the draft.")
    found = next((one for one in stored_drafts(folder, uid) if one.draft_id == draft_id), None)
    if found is None:
        raise ExamError("This draft is no longer there: it was replaced or deleted in the meantime. Reload the page.")
    add_questions(folder, uid, [as_question(found.draft, text)])
    decide(folder, uid, draft_id, "approved")


def decide(folder: Path, uid: str, draft_id: str, decision: Decision) -> None:
    """Note the decision on a draft; an unknown id changes nothing.

    Raises:
        ExamError: the file cannot be read or written.
    """
    _change(
        folder,
        uid,
        lambda stored: [replace(one, decision=decision) if one.draft_id == draft_id else one for one in stored],
    )


def replace_draft(folder: Path, uid: str, draft_id: str, draft: Draft) -> None:
    """Put another draft in the place of one, waiting. Raises ExamError as `decide` does."""
    _change(folder, uid, lambda stored: [StoredDraft(draft) if one.draft_id == draft_id else one for one in stored])


def drop_decided(folder: Path, uid: str) -> None:
    """Keep only the drafts that wait for a decision. Raises ExamError as `decide` does."""
    _change(folder, uid, lambda stored: [one for one in stored if one.decision == "waiting"])


def set_aside_drafts(folder: Path, uid: str) -> None:
    """Rename a file of drafts that cannot be read, so that there are none; see `rag.runtime.locked_files.set_aside`.

    Raises:
        ExamError: it cannot be renamed.
    """
    set_aside(drafts_path(folder, uid), ExamError)


def _change(folder: Path, uid: str, change: Callable[[Sequence[StoredDraft]], Iterable[StoredDraft]]) -> None:
    def content() -> bytes | None:
        stored = stored_drafts(folder, uid)
        changed = tuple(change(stored))
        return _as_lines(changed) if changed != stored else None

    change_file(drafts_path(folder, uid), content, ExamError)


def _as_lines(drafts: Iterable[StoredDraft]) -> bytes:
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in drafts)
    return "".join(lines).encode("utf-8", "backslashreplace")


def _read(path: Path, content: bytes) -> Iterator[StoredDraft]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            draft = _adapter().validate_json(line, strict=True)
            if not draft.draft.text.strip():
                raise ValueError("the text is empty")
        except ValueError as error:
            problem = first_problem(error).replace(" at line 1 column ", " at column ")
            raise ExamError(
                f"'{path}', line {number}: {problem}. Correct the line, or put the file aside; approved questions are "
                "in another file."
            ) from error
        yield draft


@cache
def _adapter() -> TypeAdapter[StoredDraft]:
    from pydantic import TypeAdapter

    return TypeAdapter(StoredDraft)
