"""Read PDFs with places: what a page prints, and the tables in it."""
