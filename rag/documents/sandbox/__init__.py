"""Read files in a separate process with limits on time, memory and network."""
