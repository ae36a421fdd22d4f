"""Documents in a language that the embedding model does not know: propose the multilingual model, before or after."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.session.model_servers import embedding_models
from pages.shared.session.resources import columns_of_upload, embedder, language_of_upload
from pages.shared.session.workspace import choose_collection
from pages.shared.widgets.collections.copying import start_copy, use_model
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.languages import language_warning, model_for
from rag.errors import ExplorerError
from rag.store.collection import Collection
from rag.store.names import free_name
from rag.text.language import detect_language, language_name

_MOST_READ = 3
_MOST_BYTES = 2_000_000
_ENOUGH_BYTES = 100_000
_CAN_BE_CUT = frozenset((".txt", ".md"))
"""Suffixes of files whose first lines are a file of the same kind."""


def offer_before(collection: Collection, uploads: Sequence[UploadedFile]) -> None:
    """Before the first chunk: propose another model if the chosen files are in languages that this one lacks."""
    if collection.n_chunks():
        return
    language, better = better_model(collection.spec.embedding.model_id, uploads)
    if not better:
        return
    st.warning(
        f"These files appear to be in {language_name(language)}, but "
        f"'{short_name(collection.spec.embedding.model_id)}' was trained on English: similar texts may not be found.",
        icon=":material/translate:",
    )
    if st.button(f"Use {short_name(better)} for this collection", icon=":material/translate:"):
        try:
            use_model(collection, embedder(better))
            st.rerun()
        except ExplorerError as error:
            show_error(error)


def better_model(model_id: str, uploads: Sequence[UploadedFile]) -> tuple[str, str]:
    """A language of the files that this embedding model lacks, and an installed model that knows it; else empty."""
    return _better(model_id, [_language(upload) for upload in uploads[:_MOST_READ]])


def offer_after(collection: Collection) -> None:
    """For a collection with documents in such a language: propose a copy with another model."""
    documents = collection.documents()
    language, better = _better(collection.spec.embedding.model_id, [one.language for one in documents])
    if not better:
        return
    n = sum(bool(language_warning(collection.spec.embedding.model_id, one.language)) for one in documents)
    st.warning(
        f"{counted(n, 'document')} of {len(documents):,} appear to be in {language_name(language)} or another language "
        f"that '{short_name(collection.spec.embedding.model_id)}' was not trained on: similar texts may not be found.",
        icon=":material/translate:",
    )
    if st.button(
        f"Copy with {short_name(better)}", icon=":material/translate:", help="This collection does not change."
    ):
        name = free_name(config.data_dir(), f"{collection.spec.name} multilingual")
        try:
            start_copy(collection, name, embedder(better), collection.spec.chunking)
            choose_collection(name)
            st.rerun()
        except ExplorerError as error:
            show_error(error)


def _better(model_id: str, languages: Iterable[str]) -> tuple[str, str]:
    """The most frequent language that the model lacks, and an installed model that knows it."""
    lacking = Counter(one for one in languages if language_warning(model_id, one))
    if not lacking:
        return "", ""
    language = lacking.most_common(1)[0][0]
    return language, model_for(language, embedding_models(config.ollama_host()))


def _language(upload: UploadedFile) -> str:
    """The language of a chosen file, of a table that of its first rows; empty for a large file and one that cannot be
    read, which the outcome of the job will explain."""
    try:
        if table := columns_of_upload(upload):
            return detect_language(table.sample)
        if upload.size > _MOST_BYTES:
            return ""
        content = _first_lines(upload.name, bytes(upload.getbuffer()))
        return language_of_upload(upload.name, hashlib.sha256(content).hexdigest(), content)
    except ExplorerError:
        return ""


def _first_lines(name: str, content: bytes) -> bytes:
    """As much of a long text as tells its language; other files whole."""
    first = content[:_ENOUGH_BYTES]
    # A line break of UTF-16 is not one byte.
    if PurePath(name).suffix.lower() not in _CAN_BE_CUT or len(first) == len(content) or b"\0" in first:
        return content
    return first[: first.rfind(b"\n") + 1] or content


def short_name(model_id: str) -> str:
    """The name of a model without its maker, as Markdown."""
    return escaped(model_id.rpartition("/")[2])
