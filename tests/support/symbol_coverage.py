"""Lists the public names that no test program uses.

    python tests/support/symbol_coverage.py FILE [--repos N]

FILE is a table with tab-separated columns `symbol` ("tf.nn.relu"), `status` and `repos`: what
programs use, and in how many repositories. Every name used by at least N of them (3 by default) is
looked up in flowgraph, and in the names that the programs of `tests/programs`, whose results are
recorded with TensorFlow, ask for.
"""

from __future__ import annotations

import argparse
import csv
import sys
import types
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[level]) for level in (1, 2)]

import flowgraph  # noqa: E402
from support.programs import all_programs, observe  # noqa: E402


class Observed:
    """A module that notes which names are asked of it."""

    def __init__(self, module: types.ModuleType, name: str, seen: set[str]) -> None:
        self._module = module
        self._name = name
        self._seen = seen

    def __getattr__(self, key: str) -> Any:
        value = getattr(self._module, key)
        name = f"{self._name}.{key}"
        self._seen.add(name)
        return Observed(value, name, self._seen) if isinstance(value, types.ModuleType) else value


def used_by_programs() -> set[str]:
    """The names that the test programs ask for."""
    seen: set[str] = set()
    module = Observed(flowgraph, "tf", seen)
    for program in all_programs().values():
        observe(module, program, flowgraph.Session)
    return seen


def find(name: str) -> Any:
    """The object of a dotted name, None if there is none."""
    found: Any = flowgraph
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--repos", type=int, default=3, help="the fewest repositories that count")
    chosen = parser.parse_args(arguments)
    with chosen.file.open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    used = used_by_programs()
    names = [row["symbol"] for row in rows if int(row["repos"]) >= chosen.repos]
    missing = [name for name in names if find(name) is None]
    untested = [
        name for name in names if name not in used and name not in missing and callable(find(name))
    ]
    sys.stdout.write(f"{len(names)} names, {len(missing)} of them not in flowgraph\n")
    sys.stdout.write(f"{len(untested)} functions and classes that no program uses:\n")
    sys.stdout.writelines(f"  {name}\n" for name in untested)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
