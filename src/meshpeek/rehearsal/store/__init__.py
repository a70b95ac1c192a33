"""A cluster's objects in memory: the store, selectors, snapshots, changes."""
