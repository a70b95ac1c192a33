"""What a pipeline asks for: which workshops run, how long and how often, and what is kept."""
