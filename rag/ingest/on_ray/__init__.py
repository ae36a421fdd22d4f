"""Ingest on Ray: files are read, chunked and embedded by worker processes, and stored by this one."""
