"""The Chat page, without a browser."""
