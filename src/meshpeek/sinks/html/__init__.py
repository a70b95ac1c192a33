"""The report page, and what turns Markdown and terminal output into HTML."""
