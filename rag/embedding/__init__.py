"""Embed texts: unit vectors from sentence-transformers or Ollama, with a cache."""
