"""Control, checks and random numbers."""

from flowgraph.library.template import make_template
from flowgraph.ops.assertions import (
    Assert,
    assert_equal,
    assert_greater,
    assert_greater_equal,
    assert_less,
    assert_less_equal,
    assert_near,
    assert_negative,
    assert_non_negative,
    assert_non_positive,
    assert_none_equal,
    assert_positive,
    is_non_decreasing,
    is_strictly_increasing,
)
from flowgraph.ops.case import case, switch_case
from flowgraph.ops.cond import cond
from flowgraph.ops.control import group, no_op, timestamp
from flowgraph.ops.control import tuple_ as tuple
from flowgraph.ops.functional import foldl, foldr, map_fn, scan
from flowgraph.ops.printing import Print
from flowgraph.ops.py_func import numpy_function, py_func
from flowgraph.ops.random import (
    multinomial,
    random_crop,
    random_gamma,
    random_normal,
    random_poisson,
    random_shuffle,
    random_uniform,
    truncated_normal,
)
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop

__all__ = [
    "Assert",
    "Print",
    "TensorArray",
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_none_equal",
    "assert_positive",
    "case",
    "cond",
    "foldl",
    "foldr",
    "group",
    "is_non_decreasing",
    "is_strictly_increasing",
    "make_template",
    "map_fn",
    "multinomial",
    "no_op",
    "numpy_function",
    "py_func",
    "random_crop",
    "random_gamma",
    "random_normal",
    "random_poisson",
    "random_shuffle",
    "random_uniform",
    "scan",
    "switch_case",
    "timestamp",
    "truncated_normal",
    "tuple",
    "while_loop",
]
