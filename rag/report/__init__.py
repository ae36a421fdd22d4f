"""Show an answer as figures, SVG and a self-contained HTML report."""
