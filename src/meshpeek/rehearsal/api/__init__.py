"""The Kubernetes API: requests for paths in, answers out."""
