"""meshpeek runs executable Markdown workshops across several Kubernetes clusters."""

__version__ = "0.1.0"
