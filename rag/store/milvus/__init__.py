"""Collections in Milvus: chunks, vectors and texts in the engine; entries, settings and conversations in SQL."""
