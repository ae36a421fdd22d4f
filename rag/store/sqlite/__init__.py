"""Collections in SQLite: one file each, with its schema, its transactions, and checks of what is read."""
