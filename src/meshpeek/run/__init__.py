"""Running a workshop: steps and a driver and a shell in, events out."""
