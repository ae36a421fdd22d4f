"""The parts of the Index benchmark page."""
