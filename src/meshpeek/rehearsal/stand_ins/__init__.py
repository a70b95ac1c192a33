"""Stand-ins for tools that are missing, and the choice of those that are there."""
