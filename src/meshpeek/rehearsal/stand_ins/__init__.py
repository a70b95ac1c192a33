"""Stand-ins for tools that are missing, and the choice between them and real ones."""
