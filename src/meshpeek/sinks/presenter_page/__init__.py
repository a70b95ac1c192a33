"""The presenter's own view of a show: a page for another window, or for a phone."""
