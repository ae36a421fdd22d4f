"""One reader per group of file formats."""
