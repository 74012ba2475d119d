"""Outputs in collections, sizes of shapes (`tf.contrib.slim.utils`)."""

from flowgraph.library.contrib_layers.outputs import (
    append_tensor_alias,
    channel_dimension,
    collect_named_outputs,
    convert_collection_to_dict,
    gather_tensors_aliases,
    get_tensor_aliases,
    get_variable_collections,
    last_dimension,
    n_positive_integers,
    two_element_tuple,
)
from flowgraph.ops.smart import smart_cond
from flowgraph.ops.smart import smart_constant_value as constant_value

__all__ = [
    "append_tensor_alias",
    "channel_dimension",
    "collect_named_outputs",
    "constant_value",
    "convert_collection_to_dict",
    "gather_tensors_aliases",
    "get_tensor_aliases",
    "get_variable_collections",
    "last_dimension",
    "n_positive_integers",
    "smart_cond",
    "two_element_tuple",
]
