"""Topics: phrases that name the clusters of a map, and comparisons of clusters or selections."""
