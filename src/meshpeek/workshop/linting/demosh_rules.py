"""What lint finds in the comments of a document that demosh and GitHub are to read, too."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from meshpeek.workshop.linting.checked import Checked, flatten
from meshpeek.workshop.parse.annotations import SHELL_COMMENT
from meshpeek.workshop.parse.elements import Annotation, Bash, Directive
from meshpeek.workshop.parse.markdown import find_commented_fences, find_comments
from meshpeek.workshop.parse.setting_blocks.front_matter import find_settings_lines
from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span

_HIDDEN = f"<!-- {SHELL_COMMENT}"
_MODIFIERS = frozenset({"waitafter", "nowaitbefore", "noshow", "notypeout", "immed", "immediate"})
_STATES = ("SHOW", "HIDE", "SKIP")


def find_open_quotes(checked: Checked) -> Iterator[Problem]:
    """Find the comments that demosh prints, because their quotes do not come in pairs."""
    for document in checked.program.documents.values():
        if not document.is_markdown:
            continue
        for comment in find_comments(document, frozenset(read_top(document).lines)):
            line = document.lines[comment.line - 1]
            if not line.startswith(_HIDDEN):
                continue
            text = line[len("<!-- @") :].replace("-->", "")
            try:
                shlex.split(text)
            except ValueError:
                quote = max(text.find("'"), text.find('"'), text.find("\\"))
                column = len("<!-- @") + quote + 1
                yield checked.warn(
                    "demosh-quote",
                    Span(document.path, comment.line, comment.line, column, 1),
                    "this quote is not closed, so demosh prints the comment to the audience",
                    "close it, write ’ for an apostrophe, or write `## meshpeek: …` in the fence",
                )


def find_lost_modifiers(checked: Checked) -> Iterator[Problem]:
    """Find the modifiers that demosh would take for an annotation's."""
    for body in checked.bodies:
        modifier: Directive | None = None
        for element in flatten(body):
            if isinstance(element, Directive):
                if element.word in _MODIFIERS:
                    modifier = element
                elif element.word not in _STATES:
                    modifier = None
            elif isinstance(element, Bash):
                modifier = None
            elif isinstance(element, Annotation) and modifier is not None:
                lines = checked.lines_of(element.span.path)
                if lines[element.span.line - 1].startswith(_HIDDEN):
                    yield checked.warn(
                        "demosh-modifier",
                        modifier.span,
                        f"in demosh, the annotation below uses up `@{modifier.word}`",
                        "move this line below the annotations, right before the fence",
                    )
                    modifier = None


def find_commented_out(checked: Checked) -> Iterator[Problem]:
    """Find the fences in comments: they run."""
    for document in checked.program.documents.values():
        if document.is_markdown:
            for span in find_commented_fences(document, frozenset(read_top(document).lines)):
                yield checked.warn(
                    "commented-fence",
                    span,
                    "this fence is in a comment, and runs all the same, as in demosh",
                    "to switch it off, write ```text, or put it between `@SKIP` and `@SHOW`",
                )


def find_what_demosh_shows(checked: Checked) -> Iterator[Problem]:
    """Find the comments that demosh shows to the audience, and settings that GitHub shows."""
    document = checked.program.documents[checked.path]
    if not document.is_markdown:
        return
    top = read_top(document)
    if top.front_matter and find_settings_lines(document, top.front_matter):
        yield checked.warn(
            "front-matter",
            document.span(1),
            "GitHub shows settings in front matter as a table above the title",
            "`meshpeek migrate FILE` moves them into a comment",
        )
    for comment in find_comments(document, frozenset(top.lines)):
        line = document.lines[comment.line - 1]
        if line.startswith("<!-- @"):
            continue
        is_annotation = re.search(r"<!--\s*@?#?\s*meshpeek\s*:", line) is not None
        yield checked.warn(
            "demosh-shows",
            comment,
            "demosh shows this annotation to the audience"
            if is_annotation
            else "demosh shows this comment to the audience",
            "`meshpeek migrate FILE` rewrites annotations"
            if is_annotation
            else f"write `<!-- {SHELL_COMMENT} … -->`, at the beginning of a line",
        )
