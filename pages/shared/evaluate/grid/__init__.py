"""The comparison of chunkings and models on the Evaluate page."""
