"""QR codes for a terminal: two of a code's modules to a cell, dark on light whatever the theme."""

from __future__ import annotations

from itertools import zip_longest

from rich.text import Text

_QUIET_ZONE = 2
# Light modules are drawn, and dark ones are ground: so it is right without colours, too, on a dark
# terminal.
_BLOCKS = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
_STYLE = "#ffffff on #000000"


def draw_qr_code(text: str) -> Text:
    """Return the QR code of `text`: about 30 columns by 15 rows for a URL."""
    import segno  # at a presenter's key only

    code = segno.make(text, micro=False)
    matrix = [bytes(row) for row in code.matrix_iter(border=_QUIET_ZONE)]
    pairs = zip_longest(matrix[::2], matrix[1::2], fillvalue=bytes(len(matrix[0])))
    lines = ("".join(_BLOCKS[each] for each in zip(*pair, strict=True)) for pair in pairs)
    return Text("\n".join(lines), _STYLE, no_wrap=True)
