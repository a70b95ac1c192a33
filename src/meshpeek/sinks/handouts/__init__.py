"""The document with the outputs of a run, to give away, or to keep in the document itself."""
