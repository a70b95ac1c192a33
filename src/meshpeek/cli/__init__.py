"""The command line: what each command does, and how it runs a workshop."""
