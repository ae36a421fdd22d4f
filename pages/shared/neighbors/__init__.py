"""The parts of the Neighbors page."""
