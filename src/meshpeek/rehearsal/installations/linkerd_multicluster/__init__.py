"""Linkerd's multicluster extension, stable-2.14.10: objects, links and the service mirror."""
