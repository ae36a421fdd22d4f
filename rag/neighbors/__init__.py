"""Explain similarity: nearest neighbors, token contributions, vector arithmetic, data quality."""
