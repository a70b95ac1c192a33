"""A cluster's objects in memory: the store, field selectors, snapshots, the feed of changes."""
