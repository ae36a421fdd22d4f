"""Read Rich Text Format (RTF): text in every code page, with headings, lists, tables, notes and pages."""
