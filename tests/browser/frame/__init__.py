"""The frame around the pages, and the first steps, in a real browser."""
