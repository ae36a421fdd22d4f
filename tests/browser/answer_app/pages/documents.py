"""Says which chunk it was asked to open."""

import streamlit as st

st.text(f"opened chunk {st.query_params['chunk']}")
