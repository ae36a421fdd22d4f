"""The chapters of the page How embeddings work."""
