"""Read Word documents (DOCX): text with headings, lists, tables, notes, comments and pages."""
