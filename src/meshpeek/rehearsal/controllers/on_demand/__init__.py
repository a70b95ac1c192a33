"""The control loops of kinds that few workshops use; each is loaded when its first object comes."""
