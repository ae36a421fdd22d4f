"""Benchmarks of retrieval: how quick each way of searching is, and how well it ranks."""
