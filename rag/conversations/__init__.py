"""Stored conversations: questions, answers with everything they were made of, and replay."""
