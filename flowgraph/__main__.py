"""``python -m flowgraph`` is the command ``flowgraph``."""

import sys

from flowgraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
