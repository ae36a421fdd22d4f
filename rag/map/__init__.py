"""Draw a collection as a map: projection, clusters, colours, quality figures."""
