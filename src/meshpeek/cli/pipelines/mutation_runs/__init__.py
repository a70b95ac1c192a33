"""Runs of a workshop with one thing wrong in each, in forked processes, and what they show."""
