"""Clusters of a map: found by density, in layers from coarse to fine, with key terms, names and labels."""
