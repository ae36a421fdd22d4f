"""Measurements, each against a reference: `make bench` runs them."""
