"""Passages and answers in a real browser: Markdown is shown, and nothing in it runs or loads."""
