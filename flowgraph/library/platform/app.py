"""Running a program's `main`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from flowgraph.library.platform.flag_values import FLAGS, Error

__all__ = ["run"]

_HELP = frozenset({"--help", "-help", "-h", "--helpfull", "--helpshort"})


def run(
    main: Callable[[Sequence[str]], Any] | None = None, argv: Sequence[str] | None = None
) -> NoReturn:
    """Read the flags, call ``main(argv)`` with the rest of the command line, and exit.

    Args:
        main: by default the `main` of the program's own module.
        argv: by default ``sys.argv``.

    Raises:
        SystemExit: always, with what `main` returns.
    """
    words = list(sys.argv if argv is None else argv) or [""]
    program = sys.modules["__main__"]
    if "help" not in FLAGS and _HELP.intersection(words[1:]):
        sys.stdout.write(f"{program.__doc__ or ''}\nflags:\n{FLAGS.get_help()}\n")
        sys.exit(1)
    try:
        rest = FLAGS(words, known_only=True)
    except Error as error:
        sys.stderr.write(f"FATAL Flags parsing error: {error}\nPass --help to see the flags.\n")
        sys.exit(1)
    function = program.main if main is None else main
    sys.exit(function(rest))
