"""A terminal and what comes from its keyboard. Knows nothing of workshops."""
