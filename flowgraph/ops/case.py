"""Conditionals with many branches: case by predicates, switch_case by a number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from flowgraph.dtypes import bool as bool_
from flowgraph.dtypes import int32
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import constant
from flowgraph.graph.structure import map_structure
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.assertions import Assert
from flowgraph.ops.cast import cast
from flowgraph.ops.cond import cond
from flowgraph.ops.joining import stack
from flowgraph.ops.loop_values import components, rebuilt
from flowgraph.ops.reduce import reduce_sum

__all__ = ["case", "case_by", "switch_case"]

Branch = Callable[[], Any]


def case(
    pred_fn_pairs: Any,
    default: Branch | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the function of the first true predicate returns: if, else if, ..., else.

    >>> import flowgraph as tf
    >>> x = tf.placeholder(tf.float32, [])
    >>> size = tf.case(
    ...     [(x < 1, lambda: tf.constant("small")), (x < 10, lambda: tf.constant("medium"))],
    ...     default=lambda: tf.constant("large"),
    ... )
    >>> with tf.Session() as session:
    ...     print(session.run(size, {x: 0}), session.run(size, {x: 3}), session.run(size, {x: 30}))
    b'small' b'medium' b'large'

    Args:
        pred_fn_pairs: pairs of a boolean scalar tensor and a function without arguments; a dict of
            them is taken in the order of the tensors' names.
        default: the function where no predicate is true. Without it, one of them must be.
        exclusive: at most one predicate may be true.
        strict: keep the list around a single result.

    Returns:
        What the functions return, which must be of one structure.

    Raises:
        TypeError: if the pairs are none, a predicate is no boolean tensor, or a function no
            function.
        ValueError: without any pair.
        InvalidArgumentError: at run time, if no predicate is true and there is no default, or if
            several are although they are exclusive.
    """
    chosen_by = partial(cond, strict=strict)
    return case_by(chosen_by, pred_fn_pairs, default, exclusive, name, python_predicates=False)


def case_by(
    choose: Callable[..., Any],
    pred_fn_pairs: Any,
    default: Branch | None,
    exclusive: bool,
    name: str,
    *,
    python_predicates: bool,
) -> Any:
    """`case` by another conditional of two branches, ``choose(pred, true_fn=f, false_fn=g)``.

    Args:
        python_predicates: Python bools may be among the predicates.
    """
    pairs = _checked_pairs(pred_fn_pairs, python_predicates)
    predicates = [predicate for predicate, _ in pairs]
    with name_scope(name, "case", predicates):
        if default is None:
            *pairs, last = pairs
            default = partial(_one_is_true, predicates[:-1], *last)
        otherwise: Branch = default
        for predicate, branch in reversed(pairs):
            otherwise = partial(choose, predicate, true_fn=branch, false_fn=otherwise)
        if not exclusive:
            return otherwise()
        tested = [predicate for predicate, _ in pairs]
        with control_dependencies([_at_most(1, tested, "Input error: exclusive=True")]):
            return otherwise()


def _checked_pairs(pairs: Any, python_predicates: bool) -> list[tuple[Any, Branch]]:
    if not isinstance(pairs, list | tuple | dict):
        raise TypeError("pred_fn_pairs must be a list, tuple, or dict")
    if isinstance(pairs, OrderedDict):
        pairs = list(pairs.items())
    elif isinstance(pairs, dict):
        pairs = sorted(pairs.items(), key=lambda pair: str(pair[0].name))
    if not pairs:
        raise ValueError("pred_fn_pairs must hold at least one pair")
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        predicate, branch = pair
        if isinstance(predicate, Tensor):
            if predicate.dtype.base_dtype is not bool_:
                raise TypeError(f"pred must be of type bool: {predicate.name}")
        elif not python_predicates:
            raise TypeError(f"pred must be a Tensor, got: {predicate!r}")
        elif not isinstance(predicate, bool):
            raise TypeError(f"pred must be a Tensor or bool, got: {predicate!r}")
        if not callable(branch):
            raise TypeError(f"fn for pred {predicate!r} must be callable.")
    return list(pairs)


def _at_most(count: int, predicates: list[Any], message: str) -> Operation:
    """Fails where more than `count` predicates are true."""
    stacked = stack(predicates, name="preds_c")
    total = reduce_sum(cast(stacked, int32), name="num_true_conds")
    allowed = apply("LessEqual", total, constant(count, name="n_true_conds"))
    names = ", ".join(getattr(predicate, "name", "?") for predicate in predicates)
    text = f"{message}: more than {count} conditions ({names}) evaluated as True:"
    check: Operation = Assert(allowed, [text, stacked], summarize=len(predicates))
    return check


def _one_is_true(before: list[Any], predicate: Any, branch: Branch) -> Any:
    """What `branch` returns, after a check that its predicate is the true one."""
    stacked = stack([*before, predicate], name="preds_c")
    text = "Input error: None of conditions evaluated as True:"
    with control_dependencies([Assert(predicate, [text, stacked], summarize=len(before) + 1)]):
        return map_structure(_held, branch())


def _held(leaf: Any) -> Any:
    """`leaf`, so that what reads it waits for the control dependencies of this place."""
    if isinstance(leaf, Operation):
        with control_dependencies([leaf]):
            return apply("NoOp")
    return rebuilt(leaf, [apply("Identity", part) for part in components(leaf)])


def switch_case(
    branch_index: Any, branch_fns: Any, default: Branch | None = None, name: str = "switch_case"
) -> Any:
    """What the function with the number `branch_index` returns.

    Args:
        branch_index: an integer scalar tensor.
        branch_fns: functions without arguments: a list of them, or their numbers with them, as a
            dict or as pairs. The numbers must be 0, 1, ..., n - 1.
        default: the function for all other numbers; the last one if None.

    Returns:
        What the functions return, which must be of one structure.

    Raises:
        TypeError: if `branch_index` is no integer tensor, or a function no function.
        ValueError: without any function, or if a number is missing.
    """
    if not isinstance(branch_index, Tensor):
        raise TypeError(f"branch_index must be a Tensor, got {type(branch_index)}")
    if not branch_index.dtype.is_integer:
        raise TypeError(f"branch_index must be an integer Tensor, got {branch_index.dtype!r}")
    branches = _numbered(branch_fns)
    if default is not None:
        branches.append(default)
    with name_scope(name, "case", [branch_index]):
        otherwise = branches[-1]
        for number in reversed(range(len(branches) - 1)):
            predicate = apply("Equal", branch_index, number)
            otherwise = partial(
                cond, predicate, true_fn=branches[number], false_fn=otherwise, strict=True
            )
        return otherwise()


def _numbered(branch_fns: Any) -> list[Branch]:
    """The functions in the order of their numbers."""
    if not branch_fns:
        raise ValueError("Must provide at least one item in branch_fns")
    if not isinstance(branch_fns, list | tuple | dict):
        raise TypeError("branch_fns must be a list, tuple, or dict")
    entries = list(branch_fns.items() if isinstance(branch_fns, dict) else branch_fns)
    if all(callable(entry) for entry in entries):
        return entries
    for entry in entries:
        if not isinstance(entry, tuple) or len(entry) != 2:
            raise TypeError("Each entry in branch_fns must be a 2-tuple")
        key, branch = entry
        if not isinstance(key, int):
            raise TypeError(f"key must be a Python `int`, got {type(key)}")
        if not callable(branch):
            raise TypeError(f"fn for key {key} must be callable.")
    keys = sorted(key for key, _ in entries)
    if keys != list(range(len(entries))):
        found = ",".join(map(str, keys))
        raise ValueError(
            f"branch indices (keys) must form contiguous range of [0 to {len(entries)}) but found "
            f"{{{found}}}"
        )
    by_number = dict(entries)
    return [by_number[key] for key in keys]
