"""`cond`: TensorFlow 1's conditionals, as If ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dims, errors
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import Function, FunctionGraph
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.structure import assert_same_structure, flatten, is_sequence, map_structure
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.loop_values import components, rebuilt
from flowgraph.ops.regions import add_if
from flowgraph.ops.tensor_array import TensorArray

__all__ = ["cond"]


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """``true_fn()`` where `pred` is true when the graph runs, else ``false_fn()``.

    Both functions are called, to build the two branches; only one branch runs. What a function
    returns that was built outside of it is computed in any case.

    >>> import flowgraph as tf
    >>> x = tf.placeholder(tf.float32, [])
    >>> y = tf.cond(x > 0, lambda: tf.sqrt(x), lambda: tf.zeros([]))
    >>> with tf.Session() as session:
    ...     print(session.run(y, {x: 4}), session.run(y, {x: -4}))
    2.0 0.0

    Args:
        pred: a boolean scalar tensor.
        true_fn, false_fn: functions without arguments; they return tensors, operations, or the
            same nested structure of them.
        strict: keep the list around a single result.
        fn1, fn2: old names of `true_fn` and `false_fn`.

    Returns:
        What the functions return. An operation becomes a tensor that is computed after it has run.

    Raises:
        TypeError: if `pred` is a Python bool, or a function is none.
        ValueError: if a function returns nothing, or their results have different structures or
            types.
    """
    true_fn, false_fn = _function("true_fn", true_fn, fn1), _function("false_fn", false_fn, fn2)
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool")
    with name_scope(name, "cond", [pred]) as scope:
        condition = convert_to_tensor(pred, name="pred")
        if condition.dims:
            raise ValueError(f"pred must be a scalar, not {condition}.")
        graph = get_default_graph()
        function = FunctionGraph(graph)
        updates: list[list[Any]] = [[], []]
        when_true = _branch(function, true_fn, "true_fn", updates[0])
        when_false = _branch(function, false_fn, "false_fn", updates[1])
        _check_alike(when_true, when_false)
        first, second = components(when_true), components(when_false)
        _check_types(first, second)
        captured, inside = tuple(function.captures), tuple(function.captures.values())
        shapes = [dims.generalized(a.dims, b.dims) for a, b in zip(first, second, strict=True)]
        op = add_if(
            graph,
            graph._op_name(scope + "If/"),
            condition,
            captured,
            Function(function, inside, tuple(first)),
            Function(function, inside, tuple(second)),
            shapes,
        )
        _let_updates_out(op, function, updates)
        # Under the names that TensorFlow 1's own nodes for this have.
        merged = [apply("Identity", output, name="Merge") for output in op.outputs]
        result = rebuilt(when_true, merged)
    if strict or not isinstance(result, list | tuple) or hasattr(result, "_fields"):
        return result
    return result[0] if len(result) == 1 else result


def _function(
    name: str, given: Callable[[], Any] | None, old: Callable[[], Any] | None
) -> Callable[[], Any]:
    if old is not None:
        if given is not None:
            raise TypeError(f"cond(): {name} and its old name may not be set simultaneously.")
        given = old
    if given is None:
        raise TypeError(f"cond(): {name} argument required")
    if not callable(given):
        raise TypeError(f"{name} must be callable.")
    return given


def _branch(
    function: FunctionGraph, build: Callable[[], Any], name: str, updates: list[Any]
) -> Any:
    """What `build` returns, with all of its tensors in the function graph.

    Args:
        updates: where to put the ops that `build` collects under UPDATE_OPS.
    """
    with function.as_default(), function.control_dependencies(None):
        before = len(function.get_collection(GraphKeys.SUMMARIES))
        collected = len(function.get_collection(GraphKeys.UPDATE_OPS))
        result = build()
        updates.extend(function.get_collection(GraphKeys.UPDATE_OPS)[collected:])
        summaries = function.get_collection(GraphKeys.SUMMARIES)[before:]
        if result is None:
            raise ValueError(f"{name} must have a return value.")
        # Summaries that are written in a branch are part of what it does.
        with function.control_dependencies(summaries):
            return map_structure(lambda leaf: _result(function, leaf), result)


def _let_updates_out(op: Operation, function: FunctionGraph, updates: list[list[Any]]) -> None:
    """Replace updates that a branch collects by what runs them, if that branch is taken.

    The conditional does not run them itself, for nothing it returns depends on them.
    """
    graph = op.graph
    own = [[each for each in group if each.graph is function] for group in updates]
    collection = function.get_collection_ref(GraphKeys.UPDATE_OPS)
    for position, group in enumerate(own):
        branch: Function = op.attrs["else_branch" if position else "then_branch"]
        running = set(branch.operations())
        for update in group:
            made = op
            if getattr(update, "op", update) not in running:
                with function.as_default(), function.control_dependencies(None):
                    nothing = convert_to_tensor(True, name="not_taken")
                    done = _result(function, getattr(update, "op", update))
                results = ((nothing,), (done,)) if position else ((done,), (nothing,))
                inside = tuple(function.captures.values())
                then, otherwise = (Function(function, inside, each) for each in results)
                made = add_if(
                    graph,
                    graph._op_name("update"),
                    op.inputs[0],
                    tuple(function.captures),
                    then,
                    otherwise,
                    [()],
                )
            collection[collection.index(update)] = made


def _result(function: FunctionGraph, leaf: Any) -> Any:
    if isinstance(leaf, Operation):
        with function.control_dependencies([leaf]):
            return convert_to_tensor(True, name="done")
    if isinstance(leaf, TensorArray):
        return leaf._with_flow(_passed(function, leaf.flow))
    if isinstance(leaf, SparseTensor | IndexedSlices):
        return rebuilt(leaf, [_passed(function, part) for part in components(leaf)])
    return _passed(function, convert_to_tensor(leaf))


def _passed(function: FunctionGraph, tensor: Tensor) -> Tensor:
    with function.as_default():
        held = function._control_stack[-1].inputs
        if held or tensor.dtype.is_ref_dtype:
            return _identity(tensor)
        return function.capture(tensor)


def _identity(tensor: Tensor) -> Tensor:
    from_inside: Tensor = apply("Identity", tensor)
    return from_inside


def _check_alike(first: Any, second: Any) -> None:
    if len(flatten(first)) != len(flatten(second)):
        raise ValueError(
            "Incompatible return values of true_fn and false_fn: they don't have the same "
            f"structure: {first!r}, {second!r}."
        )
    try:
        assert_same_structure(first, second)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Incompatible return types of true_fn and false_fn: {error}") from None
    if not is_sequence(first) and _is_composite(first) != _is_composite(second):
        raise TypeError(
            "Incompatible return types of true_fn and false_fn: "
            f"{type(first).__name__}, {type(second).__name__}"
        )


def _is_composite(value: Any) -> bool:
    return isinstance(value, SparseTensor | IndexedSlices | TensorArray)


def _check_types(first: list[Tensor], second: list[Tensor]) -> None:
    if len(first) != len(second):
        raise TypeError("Incompatible return types of true_fn and false_fn.")
    for a, b in zip(first, second, strict=True):
        if a.dtype.base_dtype is not b.dtype.base_dtype:
            raise errors.DTypeMismatchError(
                "Outputs of true_fn and false_fn must have the same type: "
                f"{a.dtype.base_dtype.name}, {b.dtype.base_dtype.name}"
            )
