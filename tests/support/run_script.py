"""Runs a TensorFlow 1 program on flowgraph, its random ops seeded as TensorFlow 2 seeds them.

    python tests/support/run_script.py SCRIPT ARGUMENT...

The seed of a random op that gets none is the number of ops in its graph in TensorFlow 1.15 and in
flowgraph; TensorFlow 2, which the results of the programs in `tests/scripts` are recorded with,
takes the number of random ops instead.
"""

from __future__ import annotations

import itertools
import runpy
import sys
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flowgraph import shim
from flowgraph.graph import seeds
from flowgraph.graph.function import FunctionGraph
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.philox import derive_seeds

_counts: Any = WeakKeyDictionary()


def _counted(graph_seed: Any, op_seed: Any, last_id: int) -> Any:
    graph: Any = get_default_graph()
    while isinstance(graph, FunctionGraph):
        graph = graph.outer
    if graph_seed is not None and op_seed is None:
        op_seed = next(_counts.setdefault(graph, itertools.count()))
    return derive_seeds(graph_seed, op_seed, last_id)


def main() -> None:
    script, *arguments = sys.argv[1:]
    vars(seeds)["derive_seeds"] = _counted
    shim.install()
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
