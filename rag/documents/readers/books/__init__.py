"""Read books (EPUB) and the XHTML in them."""
