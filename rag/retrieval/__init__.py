"""Retrieve passages for a query: dense, keyword, hybrid, and diverse results."""
