"""Argument scopes, variables of models, checkpoints, nested structures (`tf.contrib.framework`)."""

from flowgraph.api import nest
from flowgraph.library.arg_scope import (
    add_arg_scope,
    arg_scope,
    arg_scope_func_key,
    arg_scoped_arguments,
    current_arg_scope,
    has_arg_scope,
)
from flowgraph.library.contrib_layers.deprecation import (
    deprecated,
    deprecated_arg_values,
    deprecated_args,
)
from flowgraph.library.contrib_layers.restoring import (
    assign_from_checkpoint,
    assign_from_checkpoint_fn,
    assign_from_values,
    assign_from_values_fn,
)
from flowgraph.library.contrib_layers.tensors import (
    assert_or_get_global_step,
    get_name_scope,
    is_tensor,
    reduce_sum_n,
    with_same_shape,
    with_shape,
)
from flowgraph.library.contrib_layers.variables import (
    add_model_variable,
    filter_variables,
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variable_full_name,
    get_variables,
    get_variables_by_name,
    get_variables_by_suffix,
    get_variables_to_restore,
    global_variable,
    local_variable,
    model_variable,
    variable,
)
from flowgraph.library.initializers_orthogonal import (
    ConvolutionDeltaOrthogonal as convolutional_delta_orthogonal,  # noqa: N813
)
from flowgraph.library.training.checkpoint_init import init_from_checkpoint
from flowgraph.library.training.checkpoint_reader import (
    list_variables,
    load_checkpoint,
    load_variable,
)
from flowgraph.library.training.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
)
from flowgraph.ops.confusion import remove_squeezable_dimensions
from flowgraph.ops.smart import smart_case, smart_cond, smart_constant_value
from flowgraph.ops.sorting import argsort, sort
from flowgraph.ops.static_assertions import assert_same_float_dtype, assert_scalar

__all__ = [
    "add_arg_scope",
    "add_model_variable",
    "arg_scope",
    "arg_scope_func_key",
    "arg_scoped_arguments",
    "argsort",
    "assert_global_step",
    "assert_or_get_global_step",
    "assert_same_float_dtype",
    "assert_scalar",
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "assign_from_values",
    "assign_from_values_fn",
    "convolutional_delta_orthogonal",
    "create_global_step",
    "current_arg_scope",
    "deprecated",
    "deprecated_arg_values",
    "deprecated_args",
    "filter_variables",
    "get_global_step",
    "get_local_variables",
    "get_model_variables",
    "get_name_scope",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variable_full_name",
    "get_variables",
    "get_variables_by_name",
    "get_variables_by_suffix",
    "get_variables_to_restore",
    "global_variable",
    "has_arg_scope",
    "init_from_checkpoint",
    "is_tensor",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "local_variable",
    "model_variable",
    "nest",
    "reduce_sum_n",
    "remove_squeezable_dimensions",
    "smart_case",
    "smart_cond",
    "smart_constant_value",
    "sort",
    "variable",
    "with_same_shape",
    "with_shape",
]
