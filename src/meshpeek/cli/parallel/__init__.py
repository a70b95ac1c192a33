"""Workshops in processes of their own: each with its shell and clusters, its events sent to us."""
