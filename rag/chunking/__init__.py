"""Split a document into chunks: cut points, strategies, and a preview."""
