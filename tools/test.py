"""Checks everything: makes `.venv`, installs flowgraph into it, runs linters, types and tests.

    python3 tools/test.py [arguments of pytest]

Every check runs, whether or not an earlier one failed; the exit status is 0 if all passed.
"""

from __future__ import annotations

import sys

import _venv

# pytest comes last, so that its closing line stands at the end of the output.
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "pytest": ["pytest", "-n", "auto"],
}


def main(arguments: list[str]) -> int:
    python = _venv.prepare(["test"])
    failed = []
    for name, command in CHECKS.items():
        own_arguments = arguments if name == "pytest" else []
        if _venv.run([python, "-m", *command, *own_arguments]):
            failed.append(name)
    print(f"FAILED: {', '.join(failed)}" if failed else f"passed: {', '.join(CHECKS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
