"""Where the program begins: `meshpeek`, and `python -m meshpeek`."""

from __future__ import annotations

import gc
import os
import sys

# What a start loads stays to the end. Looking for garbage in it costs 20 ms: half of that while
# modules are loaded, and half when the interpreter ends.
gc.disable()


def main() -> None:
    """Run the command line; see `meshpeek.cli.main.main`."""
    try:
        from meshpeek.cli import main as cli  # here, since ^C may well come while it is loaded

        cli.main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not look like a failed step
        from meshpeek.errors import ExitCode, describe_defect

        print(describe_defect(error, os.environ), file=sys.stderr)
        raise SystemExit(ExitCode.DEFECT) from None
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
