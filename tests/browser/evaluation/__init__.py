"""Exams in a real browser: runs, grids, drafts, judgements, and what the map shows of them."""
