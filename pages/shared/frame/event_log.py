"""The event log of the app: started once for the process, and Streamlit's own messages without texts of documents."""

from __future__ import annotations

import logging

import streamlit as st
from streamlit import logger as streamlit_logger

from pages.shared.widgets.common import show_error
from rag import config
from rag.errors import ExplorerError
from rag.runtime.events import Started, log_event, start_log


def keep_event_log() -> None:
    """Write events to standard error if EXPLORER_LOG asks for them; if it is invalid, say so and stop the page."""
    try:
        formatter = _start(config.log_format())
    except ExplorerError as error:
        show_error(error)
        st.stop()
    if formatter:
        _format_streamlits_messages(formatter)


@st.cache_resource(show_spinner=False, max_entries=1)
def _start(form: config.LogFormat) -> logging.Formatter | None:
    formatter = start_log(form)
    log_event(Started(config.version()))
    return formatter


def _format_streamlits_messages(formatter: logging.Formatter) -> None:
    """Streamlit's loggers have handlers of their own, which would write the message of an error with its texts."""
    for logger in list(streamlit_logger._loggers.values()):
        handler = getattr(logger, "streamlit_console_handler", None)
        if isinstance(handler, logging.Handler):
            handler.setFormatter(formatter)
