"""The Chat page in a real browser."""
