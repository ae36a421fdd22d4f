"""Search vectors: exact and approximate FAISS indexes, and a benchmark of them."""
