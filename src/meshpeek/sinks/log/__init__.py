"""Text for logs and pipes: a run line by line, differences, overviews."""
