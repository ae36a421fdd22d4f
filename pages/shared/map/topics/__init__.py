"""Topics on the Map page: the clusters, their contents, and the comparison of two of them."""
