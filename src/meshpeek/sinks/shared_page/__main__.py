"""`python -m meshpeek.sinks.shared_page FD…`: serve the page on the sockets with these numbers."""

from __future__ import annotations

import sys

from meshpeek.sinks.shared_page.viewer_server import main

if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
