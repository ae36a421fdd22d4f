"""Write a map to a file: HTML, SVG, CSV and Parquet."""
