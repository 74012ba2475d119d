"""Records graphs with TensorFlow 1's control flow, and what TensorFlow computes with them.

``python tests/oracle_tf/record_v1_graphs.py FOLDER`` in an environment with TensorFlow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf.environment import load_tensorflow, session
from oracle_tf.v1_graphs import BUILDERS, Runs
from support import archive

_V1 = {"Switch", "Merge", "RefSwitch", "RefMerge", "Enter", "RefEnter"}


def main() -> None:
    tf = load_tensorflow()
    tf.disable_control_flow_v2()
    cases = {name: record(tf, build) for name, build in BUILDERS.items()}
    tree = {"tensorflow": tf.__version__, "cases": cases}
    archive.save(Path(sys.argv[1]) / "v1_graphs.npz", tree)


def record(tf: Any, build: Callable[[Any], Runs]) -> dict[str, Any]:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(7)
        runs = build(tf)
        init = tf.global_variables_initializer()
        definition = graph.as_graph_def()
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
            "graph": definition.SerializeToString(),
            "init": init.name,
            "fetches": [each.name for each in runs.fetches],
            "y": None if derived is None else y.name,
            "xs": None if derived is None else [x.name for x in xs],
            "results": results,
        }


def _array(tensor: Any, value: Any) -> Any:
    import numpy as np

    return np.asarray(value, tensor.dtype.as_numpy_dtype)


if __name__ == "__main__":
    main()
