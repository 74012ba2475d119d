"""TensorFlow as the oracle: graph mode, reference variables, one thread, nothing rewritten."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["load_tensorflow", "session"]

_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    # The plain kernels round as every other implementation does.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def load_tensorflow() -> Any:
    """`tensorflow.compat.v1` with TensorFlow 1's behaviour."""
    os.environ.update(_QUIET)
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    _take_seeds_as_before()
    return tf


def _take_seeds_as_before() -> None:
    """Let an op without a seed of its own take the number of ops as its seed, as TensorFlow 1 did.

    Later versions number the random ops instead.
    """
    from tensorflow.python.framework import ops, random_seed

    get_seed = random_seed.get_seed

    def get_seed_by_ops(op_seed: int | None) -> Any:
        graph = ops.get_default_graph()
        if op_seed is None and graph.seed is not None:
            op_seed = len(graph.get_operations())
        return get_seed(op_seed)

    random_seed.get_seed = get_seed_by_ops


def session(tf: Any) -> Any:
    """A session that runs the graph as it was built."""
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.Session(config=config)
