"""The driver of a presentation, and what it needs: key bindings, an outline, a stopwatch."""
