"""Where the program begins: `meshpeek`, and `python -m meshpeek`."""

from __future__ import annotations

import os
import sys

from meshpeek.cli.garbage_collection import collecting_rarely


def main() -> None:
    """Run the command line; see `meshpeek.cli.main.main`."""
    try:
        with collecting_rarely():
            from meshpeek.cli import main as cli  # here, since ^C may come while it is loaded

            cli.main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not look like a failed step
        from meshpeek.cli.secrecy import mask_text
        from meshpeek.errors import ExitCode, describe_defect

        print(mask_text(describe_defect(error, os.environ)), file=sys.stderr)
        raise SystemExit(ExitCode.DEFECT) from None


if __name__ == "__main__":
    main()
