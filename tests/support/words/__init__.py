"""References for keyword search."""
