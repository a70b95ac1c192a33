"""The one way by which objects come into a cluster: defaults, validation, admission."""
