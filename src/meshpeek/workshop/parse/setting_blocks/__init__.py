"""Reading a workshop's settings: where they stand, and what they say."""
