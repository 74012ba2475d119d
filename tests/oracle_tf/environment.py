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
    return tf


def session(tf: Any) -> Any:
    """A session that runs the graph as it was built."""
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.Session(config=config)
