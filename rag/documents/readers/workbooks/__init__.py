"""Read workbooks (XLSX, ODS, XLS): sheets as they are shown, joined into one text."""
