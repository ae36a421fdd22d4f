"""Passages and answers as they are shown: Markdown rendered so that nothing in it runs."""
