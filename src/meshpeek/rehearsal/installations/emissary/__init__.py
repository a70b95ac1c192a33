"""Emissary 3.8.0."""
