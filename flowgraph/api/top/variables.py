"""Variables, their scopes and initializers."""

from flowgraph.library.platform.logs import get_logger
from flowgraph.ops.state import assign, assign_add, assign_sub, count_up_to, is_variable_initialized

__all__ = [
    "assign",
    "assign_add",
    "assign_sub",
    "count_up_to",
    "get_logger",
    "is_variable_initialized",
]
