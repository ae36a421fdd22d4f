"""Passages of documents as they are shown: Markdown as a tree over the text, and the tree as HTML that cannot run."""
