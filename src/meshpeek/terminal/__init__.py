"""Terminals: keyboard, key names, escape sequences, styles and modes. Knows no workshop."""
