"""Records graphs with TensorFlow 1's control flow, and what TensorFlow computes with them.

``python tests/oracle_tf/record_v1_graphs.py FOLDER`` in an environment with TensorFlow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf import v1_graphs, v1_larger_graphs  # noqa: F401 (they add to BUILDERS)
from oracle_tf.environment import load_tensorflow, session
from oracle_tf.v1_runs import BUILDERS, Runs
from support import archive

# Builders whose graphs are also recorded with the gradients that TensorFlow adds to them.
_WITH_GRADIENTS = (
    "powers",
    "growing",
    "nested_loops",
    "plain_cond",
    "cond_with_several_results",
    "nested_conds",
    "cases",
    "cond_in_loop",
    "loop_in_cond_in_loop",
    "mapped",
    "scanned",
    "recurrent",
    "array_in_loop",
    "conds_in_conds_in_loop",
)
_V1 = {"Switch", "Merge", "RefSwitch", "RefMerge", "Enter", "RefEnter"}


def main() -> None:
    tf = load_tensorflow()
    tf.disable_control_flow_v2()
    cases = {name: record(tf, build) for name, build in BUILDERS.items()}
    for name in _WITH_GRADIENTS:
        cases[f"gradients_of_{name}"] = record(tf, _with_gradients(BUILDERS[name]))
    tree = {"tensorflow": tf.__version__, "cases": cases}
    archive.save(Path(sys.argv[1]) / "v1_graphs.npz", tree)


def _with_gradients(build: Callable[[Any], Runs]) -> Callable[[Any], Runs]:
    def gradients(tf: Any) -> Runs:
        runs = build(tf)
        assert runs.gradients is not None
        found = tf.gradients(*runs.gradients)
        return Runs([*runs.fetches, *(tf.identity(each) for each in found)], runs.feeds)

    return gradients


def record(tf: Any, build: Callable[[Any], Runs]) -> dict[str, Any]:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(7)
        runs = build(tf)
        init = tf.global_variables_initializer()
        # Without the defaults of attributes that are newer than TensorFlow 1.
        definition = tf.train.export_meta_graph(graph=graph, strip_default_attrs=True).graph_def
        assert _V1 & {node.op for node in definition.node}, build.__name__
        derived = None
        if runs.gradients is not None:
            y, xs = runs.gradients
            derived = tf.gradients(y, xs)
        results = []
        for feed in runs.feeds:
            with session(tf) as sess:
                sess.run(init)
                values = [sess.run(runs.fetches, feed) for _ in range(runs.runs)]
                gradients = None if derived is None else sess.run(derived, feed)
            results.append(
                {
                    "feed": {tensor.name: _array(tensor, value) for tensor, value in feed.items()},
                    "values": values,
                    "gradients": gradients,
                }
            )
        return {
            "graph": definition.SerializeToString(deterministic=True),
            "init": init.name,
            "fetches": [each.name for each in runs.fetches],
            "y": None if derived is None else y.name,
            "xs": None if derived is None else [x.name for x in xs],
            "results": results,
        }


def _array(tensor: Any, value: Any) -> Any:
    return np.asarray(value, tensor.dtype.as_numpy_dtype)


if __name__ == "__main__":
    main()
