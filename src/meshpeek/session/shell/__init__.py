"""bash under its pty: commands go in, what they write and how they end comes out."""
