"""The pages: they draw and call."""
