"""The app as `embedding-explorer run` serves it: app.py, and /healthz for programs that watch over it."""

from pathlib import Path

import streamlit as st
from starlette.routing import Route

from pages.shared.frame.health import healthz

app = st.App(Path(__file__).with_name("app.py"), routes=[Route("/healthz", healthz)])
