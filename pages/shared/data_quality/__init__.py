"""The parts of the Data quality page."""
