"""Write a map to a file: interactive HTML, SVG image, CSV or Parquet table."""
