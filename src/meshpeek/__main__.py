"""Where the program begins: `meshpeek`, and `python -m meshpeek`."""

from __future__ import annotations

import gc

# What a start loads stays to the end. Looking for garbage in it costs 20 ms: half of that while
# modules are loaded, and half when the interpreter ends.
gc.disable()

from meshpeek import cli  # noqa: E402


def main() -> None:
    """Run the command line; see `meshpeek.cli.main`."""
    try:
        cli.main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
