"""What a model consists of (`tf.contrib.slim.model_analyzer`)."""

from flowgraph.library.contrib_layers.analysis import analyze_vars, tensor_description

__all__ = [
    "analyze_vars",
    "tensor_description",
]
