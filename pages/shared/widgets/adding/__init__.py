"""Adding files on a page: the roles of their columns, the language they need, the job, and an empty collection."""
