"""The preview of a workshop in a browser."""
