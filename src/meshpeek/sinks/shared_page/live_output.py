"""What a command writes as HTML that grows: what has been sent once is not sent again."""

from __future__ import annotations

import codecs

from markupsafe import Markup

from meshpeek.sinks.html import ansi
from meshpeek.sinks.html.parts import KEPT_CHARACTERS
from meshpeek.sinks.html.templating import render
from meshpeek.terminal.escape_sequences import split
from meshpeek.terminal.settled_text import is_drawn_over
from meshpeek.terminal.styled_text import PLAIN, rendition_after

PIECE_CHARACTERS = 4000


class LiveOutput:
    """The output of one attempt in pieces of whole lines; the last piece is still growing.

    `identity` begins the identities of the pieces. Only the first KEPT_CHARACTERS are shown while
    the command runs. The first piece in which a program draws over what it has written takes all of
    the rest; what it draws over in pieces before is not seen, so they are not exact then.
    """

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._piece = ""
        self._rendition = PLAIN
        self._number = 0
        self._has_grown = False
        self._texts: list[str] = []
        self._room = KEPT_CHARACTERS

    @property
    def text(self) -> str:
        """All that is shown, as it was written."""
        return "".join(self._texts)

    @property
    def is_exact(self) -> bool:
        """Whether the pieces show what the whole would show."""
        return self._number == 0 or not is_drawn_over(self._piece)

    def add(self, data: bytes) -> None:
        """Take what the command has written next."""
        text = self._decoder.decode(data)[: self._room]
        self._room -= len(text)
        self._texts.append(text)
        self._piece += text
        self._has_grown |= bool(text)

    def changed_pieces(self) -> dict[str, Markup]:
        """Return the pieces that are new or have grown since the last call, by identity."""
        changed: dict[str, Markup] = {}
        while (end := self._end_of_piece()) > 0:
            whole, self._piece = self._piece[:end], self._piece[end:]
            changed |= self._render(whole)
            self._rendition = rendition_after(split(whole), self._rendition)
            self._number += 1
        if self._has_grown and self._piece:
            changed |= self._render(self._piece)
        self._has_grown = False
        return changed

    def _end_of_piece(self) -> int:
        """Return where the current piece ends, 0 if it still grows."""
        if len(self._piece) <= PIECE_CHARACTERS or is_drawn_over(self._piece):
            return 0
        end = self._piece.rfind("\n", 0, PIECE_CHARACTERS) + 1
        return end or self._piece.find("\n", PIECE_CHARACTERS) + 1

    def _render(self, text: str) -> dict[str, Markup]:
        identity = f"{self._identity}{self._number}"
        output = ansi.to_html(text, self._rendition)
        return {identity: render("output_piece.html", identity=identity, output=output)}
