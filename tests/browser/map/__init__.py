"""The map in a real browser: its room, its labels, and what is linked with it."""
