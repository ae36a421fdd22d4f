"""Tests of the frame around the pages."""
