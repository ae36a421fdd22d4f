"""Read Word documents of Word 97 to 2003 (DOC), [MS-DOC]: one module for each structure of the file."""
