"""The story of a file: read, chunked, embedded and stored, with an outcome for each file."""
