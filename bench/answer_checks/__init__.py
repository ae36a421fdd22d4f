"""Benchmarks of the check of answers against their passages."""
