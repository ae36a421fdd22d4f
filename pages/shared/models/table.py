"""The models installed in Ollama: their use and size, and a button that deletes one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.session.model_servers import NotYetKnown, loaded_models, model_details, refresh_servers
from pages.shared.session.person import is_editor
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ExplorerError, ModelError
from rag.servers.ollama import ModelDetails, OllamaModel, OllamaServer
from rag.store.collection import Collection, list_collections

_GIGABYTE = 1e9


def show_installed(host: str, models: Sequence[OllamaModel]) -> None:
    """A table with a row for each model; the selected model can be deleted."""
    if not models:
        return
    if is_editor():
        st.caption("Select a model to delete it.")
    table = _table(host, models)
    if (selected := _selected(models, table)) and is_editor():
        _offer_deletion(host, selected)


def _table(host: str, models: Sequence[OllamaModel]) -> pd.DataFrame:
    loaded = _loaded(host)
    details = [_details(host, model.name) for model in models]
    lengths = [detail.context_length if detail else None for detail in details]
    return pd.DataFrame(
        {
            "model": [model.name for model in models],
            "use": [purpose(model, detail) for model, detail in zip(models, details, strict=True)],
            "size": [model.size / _GIGABYTE for model in models],
            "parameters": [model.parameters for model in models],
            "quantization": [detail.quantization if detail else "" for detail in details],
            "context (tokens)": pd.array(lengths, dtype="Int64"),
            "loaded": ["yes" if model.name in loaded else "" for model in models],
        }
    )


def _loaded(host: str) -> frozenset[str]:
    """The models in memory; none after an error, which is shown above the table."""
    try:
        return loaded_models(host)
    except NotYetKnown:
        return frozenset()
    except ModelError as error:
        st.caption(f":orange[:material/error:] {escaped(str(error))}")
        return frozenset()


def _details(host: str, name: str) -> ModelDetails | None:
    """The details of a model; None while they are unknown, and after an error, which is shown above the table."""
    try:
        return model_details(host, name)
    except NotYetKnown:
        return None
    except ModelError as error:
        st.caption(f":orange[:material/error:] {escaped(str(error))}")
        return None


def purpose(model: OllamaModel, details: ModelDetails | None) -> str:
    """The use of a model in a few words."""
    if model.embeds_only:
        return "embeddings"
    if details is None:
        return "unknown"
    if not details.has_template:
        return "base model (not for chat)"
    return "chat with reasoning" if details.can_think else "chat"


def _selected(models: Sequence[OllamaModel], table: pd.DataFrame) -> OllamaModel | None:
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * len(models), 400),
        column_config={
            "model": st.column_config.TextColumn(pinned=True),
            "use": st.column_config.TextColumn(help="Only chat models answer questions well."),
            "size": st.column_config.NumberColumn(format="%.2f GB", help="Disk space that the model uses."),
            "parameters": st.column_config.TextColumn(help=help_for("parameters")),
            "quantization": st.column_config.TextColumn(help=help_for("quantization")),
            "context (tokens)": st.column_config.NumberColumn(format="localized", help=help_for("context window")),
            "loaded": st.column_config.TextColumn(help="In memory, so its next answer begins at once."),
        },
        # A selection belongs to a row, so another list of models starts without one.
        key=f"installed-{','.join(model.name for model in models)}",
    )
    rows = event.selection.rows
    return models[rows[0]] if rows else None


def _offer_deletion(host: str, model: OllamaModel) -> None:
    with st.popover(f"Delete {escaped(model.name)}", icon=":material/delete:"):
        freed = f"{model.size / _GIGABYTE:.2f} GB"
        st.write(
            f"Deleting '{escaped(model.name)}' frees {freed} on the disk of Ollama. You can download it again later."
        )
        if needing := _collections_of(model):
            names = ", ".join(f"'{name}'" for name in needing)
            st.warning(
                f"{counted(len(needing), 'collection')} cannot be searched without this model: {escaped(names)}.",
                icon=":material/warning:",
            )
        if st.button("Delete", type="primary", icon=":material/delete:"):
            try:
                OllamaServer(host).delete(model.name)
            except ModelError as error:
                show_error(error)
                return
            refresh_servers()
            st.rerun()


def _collections_of(model: OllamaModel) -> list[str]:
    """The names of the collections that were embedded with this model."""
    model_id = OLLAMA_PREFIX + model.name.removesuffix(":latest")
    names = []
    for name in list_collections(config.data_dir()):
        try:
            spec = Collection.open(config.data_dir(), name).spec
        except ExplorerError:
            continue  # It cannot be opened; choosing it in the sidebar shows why.
        if spec.embedding.model_id == model_id:
            names.append(name)
    return names
