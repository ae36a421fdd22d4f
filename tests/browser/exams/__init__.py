"""Exams and their runs in a real browser."""
