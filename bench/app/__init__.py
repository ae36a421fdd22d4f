"""Benchmarks of the app as a whole: started as a user starts it, and driven over its pages."""
