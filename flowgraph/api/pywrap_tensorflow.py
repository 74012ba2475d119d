"""The names of `tf.pywrap_tensorflow`."""

from flowgraph.library.training.checkpoint_reader import NewCheckpointReader

__all__ = ["NewCheckpointReader"]
