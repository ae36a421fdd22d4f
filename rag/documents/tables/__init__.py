"""Tables from any source: cells in rows and columns, with the header found, and written so that each value is named."""
