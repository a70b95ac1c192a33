"""The page that the room follows a run on: read-only, in a process of its own."""
