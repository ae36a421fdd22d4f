"""Move collections between files: export, checked import, subsets."""
