"""Conversions and checks that several distributions need."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.assertions import (
    assert_equal,
    assert_greater_equal,
    assert_less_equal,
    assert_near,
    assert_non_negative,
)
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import fill
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where_v2
from flowgraph.ops.softmax import softmax
from flowgraph.ops.special import lgamma
from flowgraph.ops.static_assertions import assert_same_float_dtype
from flowgraph.ops.transcendental import log, log1p, sigmoid

__all__ = [
    "checked",
    "identities",
    "integer_events",
    "log_combinations",
    "logits_and_probs",
    "new_seed",
    "nonnegative_integers",
    "several_classes",
    "undefined_as_nan",
]


def new_seed(seed: int | None, salt: str) -> int | None:
    """Another seed for a second random op, a function of the first one."""
    if seed is None:
        return None
    digest = hashlib.md5((str(seed) + salt).encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF


def identities(checks: list[Any], **parameters: Any) -> list[Tensor]:
    """The parameters as tensors of their names, all of one floating type, after the checks."""
    with control_dependencies(checks):
        tensors = [array.identity(value, name=name) for name, value in parameters.items()]
        assert_same_float_dtype(tensors)
    return tensors


def checked(x: Any, wanted: bool, *checks: Any) -> Any:
    """`x`, after the checks (functions of no argument that build them) if they are wanted."""
    return with_dependencies([check() for check in checks], x) if wanted else x


def _floating(value: Any, name: str, dtype: Any) -> Tensor:
    tensor = convert_to_tensor(value, dtype, name=name)
    if not tensor.dtype.is_floating:
        raise TypeError(f"{name} must having floating type.")
    return tensor


def logits_and_probs(
    logits: Any = None,
    probs: Any = None,
    multidimensional: bool = False,
    validate_args: bool = False,
    name: str = "get_logits_and_probs",
    dtype: Any = None,
) -> tuple[Tensor, Tensor]:
    """Log-odds and probabilities, of which one is given.

    Args:
        multidimensional: the last axis holds the classes: ``probs = softmax(logits)`` and
            ``logits = log(probs)``; otherwise sigmoid and its inverse.

    Raises:
        ValueError: if both or none are given.
        TypeError: if they are not floating.
    """
    with name_scope(name, None, [probs, logits]):
        if (probs is None) == (logits is None):
            raise ValueError("Must pass probs or logits, but not both.")
        if probs is None:
            logits = _floating(logits, "logits", dtype)
            if not multidimensional:
                return logits, sigmoid(logits, name="probs")
            if validate_args:
                logits = several_classes(logits)
            return logits, softmax(logits, name="probs")
        probs = _floating(probs, "probs", dtype)
        if validate_args:
            probs = _valid_probs(probs, multidimensional)
        with name_scope("logits"):
            if multidimensional:
                return log(probs), probs
            return log(probs) - log1p(-1.0 * probs), probs


def _valid_probs(probs: Tensor, multidimensional: bool) -> Tensor:
    with name_scope("validate_probs"):
        one = constant(1.0, probs.dtype)
        checks = [assert_non_negative(probs)]
        if multidimensional:
            probs = several_classes(probs)
            total = reduce_sum(probs, -1)
            checks.append(assert_near(total, one, message="probs does not sum to 1."))
        else:
            text = "probs has components greater than 1."
            checks.append(assert_less_equal(probs, one, message=text))
        safe: Tensor = with_dependencies(checks, probs)
        return safe


def several_classes(parameter: Any) -> Tensor:
    """A tensor whose last axis, that of the classes, has at least two elements, and not more than
    its type can count.
    """
    with name_scope("embed_check_categorical_event_shape", None, [parameter]):
        x = convert_to_tensor(parameter, name="categorical_param")
        if not x.dtype.is_floating:
            raise TypeError(f"Unable to validate size of unrecognized dtype ({x.dtype.name}).")
        most = 2 ** (np.finfo(x.dtype.np).nmant + 1)
        if x.dims == ():
            raise ValueError("A categorical-distribution parameter must have at least 1 dimension.")
        too_few = "A categorical-distribution parameter must have at least 2 events."
        too_many = "Number of classes exceeds `dtype` precision, i.e., {} implies shape ({}) "
        too_many += "cannot exceed {}."
        size = None if x.dims is None else x.dims[-1]
        if size is None:
            classes = array.shape(x)[-1]
            checks = [assert_greater_equal(classes, 2, message=too_few)]
            if most < np.iinfo(np.int32).max:
                text = too_many.format(x.dtype.name, "?", most)
                checks.append(assert_less_equal(classes, most, message=text))
            safe: Tensor = with_dependencies(checks, x)
            return safe
        if size < 2:
            raise ValueError(too_few)
        if size > most:
            raise ValueError(too_many.format(x.dtype.name, size, most))
        return x


def _whole(x: Tensor, kind: Any, message: str) -> Any:
    return assert_equal(x, cast(cast(x, kind), x.dtype), message=message)


_INTEGERS = {
    dtypes.float16: dtypes.int16,
    dtypes.float32: dtypes.int32,
    dtypes.float64: dtypes.int64,
}


def nonnegative_integers(x: Any) -> Tensor:
    """`x`, checked to hold no fractions and nothing negative."""
    with name_scope("embed_check_nonnegative_integer_form", None, [x]):
        x = convert_to_tensor(x, name="x")
        checks = [assert_non_negative(x, message=f"'{x}' must be non-negative.")]
        if not x.dtype.is_integer:
            text = f"'{x}' cannot contain fractional components."
            checks.append(_whole(x, _INTEGERS[x.dtype.base_dtype], text))
        safe: Tensor = with_dependencies(checks, x)
        return safe


def integer_events(x: Any, kind: Any) -> Tensor:
    """`x`, checked to hold values of an integer (or boolean) type, whatever its own type is."""
    with name_scope("embed_check_casting_closed", None, [x]):
        x = convert_to_tensor(x, name="x")
        checks = [assert_non_negative(x, message="Elements must be non-negative.")]
        if x.dtype.is_floating:
            text = f"Elements must be {kind.name}-equivalent."
            checks.append(_whole(x, kind, text))
        else:
            most = 1 if kind is dtypes.bool else np.iinfo(kind.np).max
            if x.dtype.max > most:
                text = f"Elements cannot exceed {most}."
                checks.append(assert_less_equal(x, most, message=text))
        safe: Tensor = with_dependencies(checks, x)
        return safe


def log_combinations(n: Any, counts: Any) -> Tensor:
    """``log(n! / prod_i counts_i!)``, the product being over the last axis."""
    with name_scope("log_combinations", None, [n, counts]):
        n = convert_to_tensor(n, name="n")
        counts = convert_to_tensor(counts, name="counts")
        permutations = lgamma(n + 1)
        result: Tensor = permutations - reduce_sum(lgamma(counts + 1), [-1])
        return result


def undefined_as_nan(is_defined: Any, value: Tensor, shape: Any) -> Tensor:
    """`value` where it is defined, elsewhere nan."""
    nan = fill(shape, np.array(np.nan, value.dtype.np), name="nan")
    return where_v2(is_defined, value, nan)
