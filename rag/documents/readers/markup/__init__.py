"""Readers of markup: Markdown, HTML, XML, reStructuredText, TeX, Org, AsciiDoc and notebooks."""
