"""Trains a network on real images: makes `.venv`, installs flowgraph into it, runs the demo.

python3 tools/demo.py [arguments of examples/demo_relu_network.py]
"""

from __future__ import annotations

import sys

import _venv


def main(arguments: list[str]) -> int:
    python = _venv.prepare()
    return _venv.run([python, _venv.ROOT / "examples" / "demo_relu_network.py", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
