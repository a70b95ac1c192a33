"""The one way into a cluster for objects: defaults, validation, admission."""
