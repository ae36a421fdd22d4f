"""Collections on a page: chunking controls, and copies or new versions of a collection."""
