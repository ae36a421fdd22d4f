"""The grid: one exam over many settings of chunking, embedding model and search, and the comparison of these."""
