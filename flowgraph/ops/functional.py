"""Functions applied along the first axis: map_fn, foldl, foldr, scan. Each is one loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import assert_same_structure, flatten
from flowgraph.graph.structure import pack_sequence_as as packed
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop
from flowgraph.shapes import Dimension, TensorShape

__all__ = ["foldl", "foldr", "map_fn", "scan"]

Function = Callable[..., Any]


def map_fn(
    fn: Function,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """``fn`` of each row, stacked: ``result[i] = fn(elems[i])``.

    >>> import flowgraph as tf
    >>> squares = tf.map_fn(lambda x: x * x, tf.constant([1, 2, 3]))
    >>> with tf.Session() as session:
    ...     session.run(squares)
    array([1, 4, 9], dtype=int32)

    Args:
        fn: from one row of `elems` to tensors; it is called once, to build the loop's graph.
        elems: a tensor with at least one axis, or a nested structure of tensors with as many rows.
        dtype: the type of what `fn` returns, in its structure; that of `elems` if None.
        parallel_iterations, swap_memory: accepted for compatibility.
        back_prop: False where nobody differentiates the result.
        infer_shape: False if `fn` may return different shapes for different rows.

    Returns:
        Tensors in the structure of `dtype`.

    Raises:
        TypeError: if `fn` is no function, `elems` is sparse, or `fn` returns another structure.
        ValueError: if `elems` are scalars or have different numbers of rows.
    """
    _check_function(fn)
    if isinstance(elems, SparseTensor):
        raise TypeError(
            "To perform a map over the values of a sparse tensor, map its values: "
            "SparseTensor(input.indices, map_fn(fn, input.values), input.dense_shape)."
        )
    with name_scope(name, "map", flatten(elems)):
        rows = _Rows(elems)
        if dtype is None:
            dtype = packed(elems, [array.dtype for array in rows.arrays])
        results = [
            TensorArray(dtypes.as_dtype(each), size=rows.count, infer_shape=infer_shape)
            for each in flatten(dtype)
        ]

        def turn(i: Tensor, arrays: list[TensorArray]) -> Any:
            values = fn(rows.read(i))
            assert_same_structure(dtype, values)
            return i + 1, _written(arrays, i, flatten(values))

        _, results = while_loop(
            lambda i, _: i < rows.count,
            turn,
            (convert_to_tensor(0), results),
            parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return packed(dtype, rows.stacked(results))


def foldl(
    fn: Function,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The rows put together from the first to the last: ``fn(... fn(fn(a, row0), row1) ...)``.

    Args:
        fn: from what was put together so far and one row to the next value, of the same structure.
        elems: a tensor with at least one axis, or a nested structure of tensors with as many rows.
        initializer: ``a``, a tensor or a structure; if None, the first row.
        parallel_iterations, swap_memory: accepted for compatibility.
        back_prop: False where nobody differentiates the result.

    Raises:
        TypeError: if `fn` is no function.
        ValueError: if `elems` are scalars.
    """
    _check_function(fn)
    with name_scope(name, "foldl", flatten(elems)):
        rows = _Rows(elems)
        first = convert_to_tensor(1 if initializer is None else 0)
        value = rows.read(0) if initializer is None else initializer

        def turn(i: Tensor, value: Any) -> list[Any]:
            return [i + 1, fn(value, rows.read(i))]

        _, result = while_loop(
            lambda i, _: i < rows.count,
            turn,
            [first, value],
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return result


def foldr(
    fn: Function,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The rows put together from the last to the first; otherwise as `foldl`.

    Args:
        initializer: what to begin with; if None, the last row.
    """
    _check_function(fn)
    with name_scope(name, "foldr", flatten(elems)):
        rows = _Rows(elems)
        first = convert_to_tensor(rows.count if initializer is not None else rows.count - 1)
        value = rows.read(first) if initializer is None else initializer

        def turn(i: Tensor, value: Any) -> list[Any]:
            return [i - 1, fn(value, rows.read(i - 1))]

        _, result = while_loop(
            lambda i, _: i > 0,
            turn,
            [first, value],
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return result


def scan(
    fn: Function,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All values on the way of `foldl`: ``result[i] = fn(result[i - 1], elems[i])``, stacked.

    >>> import flowgraph as tf
    >>> sums = tf.scan(lambda total, x: total + x, tf.constant([1, 2, 3]))
    >>> with tf.Session() as session:
    ...     session.run(sums)
    array([1, 3, 6], dtype=int32)

    Args:
        fn: from the value before and one row to the next value, of the same structure.
        elems: a tensor with at least one axis, or a nested structure of tensors with as many rows.
        initializer: the value before the first; if None, the first row is the first value.
        parallel_iterations, swap_memory: accepted for compatibility.
        back_prop: False where nobody differentiates the result.
        infer_shape: False if the values may have different shapes.
        reverse: begin with the last row; ``result[i]`` still belongs to row i.

    Returns:
        Tensors in the structure of `initializer`, or of `elems` if there is none.

    Raises:
        TypeError: if `fn` is no function or returns another structure.
        ValueError: if `elems` are scalars or have different numbers of rows.
    """
    _check_function(fn)
    structure = elems if initializer is None else initializer
    with name_scope(name, "scan", flatten(elems)):
        rows = _Rows(elems)
        start = rows.count - 1 if reverse else 0
        if initializer is None:
            values = flatten(rows.read(start))
        else:
            values = [convert_to_tensor(each) for each in flatten(initializer)]
        results = [
            TensorArray(
                value.dtype,
                size=rows.count,
                element_shape=value.shape if infer_shape else None,
                infer_shape=infer_shape,
            )
            for value in values
        ]
        if initializer is None:
            results = _written(results, start, values)
            start = start - 1 if reverse else start + 1

        def goes_on(i: Tensor, *_: Any) -> Tensor:
            return i >= 0 if reverse else i < rows.count

        def turn(i: Tensor, values: list[Any], arrays: list[TensorArray]) -> Any:
            result = fn(packed(structure, values), rows.read(i))
            assert_same_structure(structure, result)
            flat = flatten(result)
            return i - 1 if reverse else i + 1, flat, _written(arrays, i, flat)

        _, _, results = while_loop(
            goes_on,
            turn,
            (convert_to_tensor(start), values, results),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return packed(structure, rows.stacked(results))


def _check_function(fn: Any) -> None:
    if not callable(fn):
        raise TypeError("fn must be callable.")


def _written(arrays: list[TensorArray], index: Any, values: list[Any]) -> list[TensorArray]:
    return [array.write(index, value) for array, value in zip(arrays, values, strict=True)]


class _Rows:
    """Tensors of a nested structure, to be read row by row.

    Attributes:
        count: the number of rows: an int where it is known, else a tensor.
        arrays: the rows of each tensor.
    """

    def __init__(self, structure: Any) -> None:
        tensors = [convert_to_tensor(each, name="elem") for each in flatten(structure)]
        self._structure = structure
        self._known = _row_count(tensors)
        self.count: Any = self._known.value or shape_of(tensors[0])[0]
        self.arrays = [
            TensorArray(each.dtype, size=self.count, element_shape=each.shape[1:]).unstack(each)
            for each in tensors
        ]

    def read(self, index: Any) -> Any:
        """One row of each tensor, in the structure."""
        return packed(self._structure, [array.read(index) for array in self.arrays])

    def stacked(self, arrays: list[TensorArray]) -> list[Tensor]:
        """The elements of other arrays, of which there are as many."""
        results = [array.stack() for array in arrays]
        for result in results:
            result.set_shape(TensorShape([self._known]).concatenate(result.shape[1:]))
        return results


def _row_count(tensors: list[Tensor]) -> Dimension:
    """The number of rows that all tensors have, as far as it is known."""
    if not tensors:
        raise ValueError("elems must be a Tensor or (possibly nested) sequence of Tensors.")
    count = Dimension(None)
    for tensor in tensors:
        if tensor.dims == ():
            raise ValueError("elements in elems must be 1+ dimensional Tensors, not scalars")
        if tensor.dims is not None:
            count = count.merge_with(tensor.dims[0])
    return count
