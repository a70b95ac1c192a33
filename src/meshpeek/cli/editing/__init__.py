"""What an editor is told of a workshop while it is typed."""
