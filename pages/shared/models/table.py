"""The models that Ollama has: what each is and is for, and a way to delete one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.session.model_servers import ask_anew, loaded_models, model_details
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.status_line import counted
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ExplorerError, ModelError
from rag.servers.ollama import ModelDetails, OllamaModel, OllamaServer
from rag.store.collection import Collection, list_collections

_GIGABYTE = 1e9


def show_installed(host: str, models: Sequence[OllamaModel]) -> None:
    """A table with a row for each model; the one that is ticked can be deleted."""
    if not models:
        return
    st.caption("Tick a model to delete it.")
    try:
        table = _table(host, models)
    except ModelError as error:
        show_error(error)
        return
    if chosen := _ticked(models, table):
        _offer_deletion(host, chosen)


def _table(host: str, models: Sequence[OllamaModel]) -> pd.DataFrame:
    in_memory = loaded_models(host)
    details = [_details(host, model.name) for model in models]
    lengths = [detail.context_length if detail else None for detail in details]
    return pd.DataFrame(
        {
            "model": [model.name for model in models],
            "for": [purpose(model, detail) for model, detail in zip(models, details, strict=True)],
            "on disk": [model.size / _GIGABYTE for model in models],
            "parameters": [model.parameters for model in models],
            "quantisation": [detail.quantization if detail else "" for detail in details],
            "context (tokens)": pd.array(lengths, dtype="Int64"),
            "in memory": ["now" if model.name in in_memory else "" for model in models],
        }
    )


def _details(host: str, name: str) -> ModelDetails | None:
    """None where the server cannot say, which is shown above the table."""
    try:
        return model_details(host, name)
    except ModelError as error:
        st.caption(f":orange[:material/error:] {escaped(str(error))}")
        return None


def purpose(model: OllamaModel, details: ModelDetails | None) -> str:
    """What a model is for, in a few words."""
    if model.embeds_only:
        return "embeddings"
    if details is None:
        return "not known"
    if not details.has_template:
        return "continues texts: no chat template"
    return "chat, thinks first" if details.can_think else "chat"


def _ticked(models: Sequence[OllamaModel], table: pd.DataFrame) -> OllamaModel | None:
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * len(models), 400),
        column_config={
            "model": st.column_config.TextColumn(pinned=True),
            "for": st.column_config.TextColumn(help="Only models for chat answer questions well."),
            "on disk": st.column_config.NumberColumn(format="%.2f GB"),
            "parameters": st.column_config.TextColumn(help="How many numbers the model is made of."),
            "quantisation": st.column_config.TextColumn(help="How the numbers are kept: fewer bits, a smaller file."),
            "context (tokens)": st.column_config.NumberColumn(
                format="localized", help="The most it was trained to read: prompt and answer together."
            ),
            "in memory": st.column_config.TextColumn(help="Its next answer begins at once."),
        },
        # A tick belongs to a row, so another list of models begins without one.
        key=f"installed-{','.join(model.name for model in models)}",
    )
    rows = event.selection.rows
    return models[rows[0]] if rows else None


def _offer_deletion(host: str, model: OllamaModel) -> None:
    with st.popover(f"Delete {escaped(model.name)}", icon=":material/delete:"):
        freed = f"{model.size / _GIGABYTE:.2f} GB"
        st.write(f"'{escaped(model.name)}' frees {freed} on Ollama's disk. To have it back, download it again.")
        if needing := _collections_of(model):
            names = ", ".join(f"'{name}'" for name in needing)
            st.warning(
                f"{counted(len(needing), 'collection')} cannot be searched without this model: {escaped(names)}.",
                icon=":material/warning:",
            )
        if st.button("Delete it", type="primary", icon=":material/delete:"):
            try:
                OllamaServer(host).delete(model.name)
            except ModelError as error:
                show_error(error)
                return
            ask_anew()
            st.rerun()


def _collections_of(model: OllamaModel) -> list[str]:
    """The names of the collections whose embeddings come from this model."""
    model_id = OLLAMA_PREFIX + model.name.removesuffix(":latest")
    names = []
    for name in list_collections(config.data_dir()):
        try:
            spec = Collection.open(config.data_dir(), name).spec
        except ExplorerError:
            continue  # It cannot be searched with any model; choosing it says why.
        if spec.embedding.model_id == model_id:
            names.append(name)
    return names
