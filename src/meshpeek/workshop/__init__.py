"""A workshop as frozen data: its model, and how Markdown and bash are read. No run, no terminal."""
