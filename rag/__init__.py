"""The core of Embedding Explorer: documents in, neighbors, a map and cited answers out. No Streamlit."""
