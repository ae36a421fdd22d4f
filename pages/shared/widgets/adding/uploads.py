"""Uploaded files and pasted texts on their way into a collection: a background job adds them."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.session.resources import embedder, ingest_jobs
from rag.access.person import require_editor
from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import SourceFile, file_on_disk
from rag.ingest.outcomes import FileOutcome, Report
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to add. `keeps_both` means that a stored document of its name is not replaced."""

    name: str
    content: bytes
    roles: ColumnRoles = GUESSED
    keeps_both: bool = False


def uploads_of(
    files: Sequence[UploadedFile], roles: Mapping[str, ColumnRoles], *, keeps_both: bool = False
) -> list[Upload]:
    """The uploaded files with the roles of their columns; `roles` are by the id of the file."""
    return [Upload(file.name, bytes(file.getbuffer()), roles.get(file.file_id, GUESSED), keeps_both) for file in files]


def start_ingest(collection: Collection, uploads: Sequence[Upload]) -> str:
    """Write the files to a temporary folder, so that they outlive the page run, and start a job that adds them.

    Returns:
        the key of the job's task.

    Raises:
        ExplorerError: the person may not add files, the files are too large for them, or the model cannot be loaded.
    """
    require_editor()
    ingest_jobs().require_small(sum(len(upload.content) for upload in uploads))
    model = embedder(collection.spec.embedding.model_id)
    spool = tempfile.TemporaryDirectory(prefix="explorer-upload-")
    files = [_spooled(Path(spool.name) / str(i), upload) for i, upload in enumerate(uploads)]

    def work(report: Report, cancelled: threading.Event) -> Iterator[FileOutcome]:
        with DocumentReader() as reader:
            yield from ingest(collection, files, model, reader, report=report, cancelled=cancelled)

    title = files[0].name if len(files) == 1 else f"{len(files):,} files"
    return ingest_jobs().start(
        f"Adding {title}",
        collection.uid,
        work,
        n_files=len(files),
        bytes_total=sum(file.size for file in files),
        tidy_up=spool.cleanup,
    )


def _spooled(path: Path, upload: Upload) -> SourceFile:
    path.write_bytes(upload.content)
    file = file_on_disk(path, upload.name, shown_as=upload.name)
    return replace(file, roles=upload.roles, keeps_both=upload.keeps_both)
