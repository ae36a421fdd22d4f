"""The Map page: what an exam says about the documents, and questions for a region."""
