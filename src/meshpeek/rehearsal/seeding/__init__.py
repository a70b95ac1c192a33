"""Seeding: what a rehearsal cluster holds at its start, and how that comes there."""
