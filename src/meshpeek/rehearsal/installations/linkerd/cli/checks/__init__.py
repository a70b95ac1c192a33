"""The checks of `linkerd check`."""
