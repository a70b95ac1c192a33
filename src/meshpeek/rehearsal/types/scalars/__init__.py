"""Texts and numbers with a syntax of their own: durations, formats, patterns, quantities."""
