"""Rehearsal clusters: an embedded server that speaks the Kubernetes API to the real kubectl."""
