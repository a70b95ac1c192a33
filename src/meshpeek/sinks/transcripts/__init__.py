"""Transcripts: what a workshop printed once, written down to compare later runs with.

A transcript is YAML that people read and edit, one entry for each command that ran.
"""
