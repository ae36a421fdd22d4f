"""Servers that misbehave, and requests to them."""
