"""`python -m meshpeek.rehearsal`: see `process`, which this starts."""

import sys

if __name__ == "__main__":
    # Loopback needs no TLS, and asyncio does without where Python has none: that saves 8 ms of the
    # start and 4 MB of memory.
    sys.modules["ssl"] = None  # type: ignore[assignment]

    from meshpeek.rehearsal.process import main

    sys.exit(main())
