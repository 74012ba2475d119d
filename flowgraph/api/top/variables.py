"""Variables, their scopes and initializers."""

from flowgraph.library.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    Ones,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    UniformUnitScaling,
    VarianceScaling,
    Zeros,
)
from flowgraph.library.initializers_orthogonal import Orthogonal
from flowgraph.library.partitioned import (
    fixed_size_partitioner,
    min_max_variable_partitioner,
    variable_axis_size_partitioner,
)
from flowgraph.library.platform.logs import get_logger
from flowgraph.library.platform.modes import (
    disable_eager_execution,
    disable_resource_variables,
    disable_v2_behavior,
    disable_v2_tensorshape,
    enable_resource_variables,
    executing_eagerly,
    resource_variables_enabled,
)
from flowgraph.library.platform.versions import COMPILER_VERSION, GIT_VERSION, VERSION
from flowgraph.library.scopes import variable_op_scope, variable_scope
from flowgraph.library.variable_lists import (
    assert_variables_initialized,
    global_variables,
    global_variables_initializer,
    is_variable_initialized,
    local_variables,
    local_variables_initializer,
    model_variables,
    moving_average_variables,
    report_uninitialized_variables,
    trainable_variables,
    variables_initializer,
)
from flowgraph.library.variable_scope import (
    AUTO_REUSE,
    VariableScope,
    get_local_variable,
    get_variable,
    get_variable_scope,
    no_regularizer,
    variable_creator_scope,
)
from flowgraph.library.variables import Variable, VariableAggregation, VariableSynchronization
from flowgraph.ops.clip import clip_by_average_norm, clip_by_global_norm, clip_by_norm, global_norm
from flowgraph.ops.state import assign, assign_add, assign_sub, count_up_to
from flowgraph.ops.state_scatter import (
    batch_scatter_update,
    scatter_add,
    scatter_div,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_nd_add,
    scatter_nd_sub,
    scatter_nd_update,
    scatter_sub,
    scatter_update,
)

constant_initializer = Constant
glorot_normal_initializer = GlorotNormal
glorot_uniform_initializer = GlorotUniform
ones_initializer = Ones
orthogonal_initializer = Orthogonal
random_normal_initializer = RandomNormal
random_uniform_initializer = RandomUniform
truncated_normal_initializer = TruncatedNormal
uniform_unit_scaling_initializer = UniformUnitScaling
variance_scaling_initializer = VarianceScaling
zeros_initializer = Zeros

__all__ = [
    "AUTO_REUSE",
    "COMPILER_VERSION",
    "GIT_VERSION",
    "VERSION",
    "Variable",
    "VariableAggregation",
    "VariableScope",
    "VariableSynchronization",
    "assert_variables_initialized",
    "assign",
    "assign_add",
    "assign_sub",
    "batch_scatter_update",
    "clip_by_average_norm",
    "clip_by_global_norm",
    "clip_by_norm",
    "constant_initializer",
    "count_up_to",
    "disable_eager_execution",
    "disable_resource_variables",
    "disable_v2_behavior",
    "disable_v2_tensorshape",
    "enable_resource_variables",
    "executing_eagerly",
    "fixed_size_partitioner",
    "get_local_variable",
    "get_logger",
    "get_variable",
    "get_variable_scope",
    "global_norm",
    "global_variables",
    "global_variables_initializer",
    "glorot_normal_initializer",
    "glorot_uniform_initializer",
    "is_variable_initialized",
    "local_variables",
    "local_variables_initializer",
    "min_max_variable_partitioner",
    "model_variables",
    "moving_average_variables",
    "no_regularizer",
    "ones_initializer",
    "orthogonal_initializer",
    "random_normal_initializer",
    "random_uniform_initializer",
    "report_uninitialized_variables",
    "resource_variables_enabled",
    "scatter_add",
    "scatter_div",
    "scatter_max",
    "scatter_min",
    "scatter_mul",
    "scatter_nd_add",
    "scatter_nd_sub",
    "scatter_nd_update",
    "scatter_sub",
    "scatter_update",
    "trainable_variables",
    "truncated_normal_initializer",
    "uniform_unit_scaling_initializer",
    "variable_axis_size_partitioner",
    "variable_creator_scope",
    "variable_op_scope",
    "variable_scope",
    "variables_initializer",
    "variance_scaling_initializer",
    "zeros_initializer",
]
