"""Splits bash into complete commands: a library of its own.

What is named here may be used elsewhere. The library imports nothing else of meshpeek, reads no
files and runs nothing.
"""

from meshpeek.workshop.bash.quoting import unquote
from meshpeek.workshop.bash.splitter import CompleteCommand, read_command
from meshpeek.workshop.bash.words import BashSyntaxError, is_continued, without_dangling_backslash

__all__ = [
    "BashSyntaxError",
    "CompleteCommand",
    "is_continued",
    "read_command",
    "unquote",
    "without_dangling_backslash",
]
