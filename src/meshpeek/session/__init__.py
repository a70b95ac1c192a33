"""A workshop's session: bash under its pty, and the environment, clusters and tools that it has."""
