"""What an API server tells about itself: its kinds, their schemas, its version and health."""
