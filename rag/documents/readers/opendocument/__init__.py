"""Read OpenDocument files (ODT, ODS, ODP): texts, tables, lists, notes and comments."""
