"""Transcripts: what a workshop printed once, to compare later runs with.

A transcript is YAML that people read and edit, one entry for each command that ran.
"""
