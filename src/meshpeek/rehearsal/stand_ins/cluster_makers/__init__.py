"""Stand-ins for the tools that make clusters: theirs are embedded ones, and no container runs."""

CONTROL_VARIABLE = "MESHPEEK_CLUSTERS"
"""The variable that holds the URL of the process's ClusterControl, for tools of the session."""
