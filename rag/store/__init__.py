"""Store a collection: one SQLite file with documents, chunks, embeddings and conversations."""
