"""Splits bash into complete commands: a library of its own."""
