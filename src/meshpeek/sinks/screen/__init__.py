"""The screen of a presenter or a reader, drawn with rich."""
