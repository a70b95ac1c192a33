"""What is written down about a run: pure builders, from events to text."""
