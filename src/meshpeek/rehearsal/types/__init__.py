"""The kinds of objects: resources, built-in types, CRDs and their schemas."""
