"""``tensor[...]``, and assignment to such a slice of a variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.joining import stack
from flowgraph.ops.masking import boolean_mask
from flowgraph.ops.slice_spec import MASKS
from flowgraph.shapes import Dimension

__all__ = ["assign_slice", "getitem"]


def _is_mask(key: Any) -> bool:
    if isinstance(key, bool):
        return True
    dtype = getattr(key, "dtype", None)
    return dtype is not None and isinstance(key, Tensor | np.ndarray) and dtype == np.bool_


def _checked(index: Any) -> Any:
    """`index` if it is an integer, or a scalar tensor of integers."""
    if isinstance(index, int | np.integer) and not isinstance(index, bool | np.bool_):
        return index
    if isinstance(index, Dimension):
        return int(index)
    dtype = getattr(index, "dtype", None)
    if dtype is not None and np.ndim(getattr(index, "shape", ())) <= 1:
        shape = getattr(index, "dims", getattr(index, "shape", None))
        if dtypes.as_dtype(dtype).base_dtype.is_integer and shape in (None, ()):
            return index
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
        f"tf.int32/tf.int64 tensors are valid indices, got {index!r}"
    )


class _Spec:
    """The arguments of a StridedSlice, entry by entry."""

    def __init__(self, key: Any) -> None:
        self.begin: list[Any] = []
        self.end: list[Any] = []
        self.strides: list[Any] = []
        self.masks = dict.fromkeys(MASKS, 0)
        for entry in key if isinstance(key, list | tuple) else (key,):
            self._add(entry)

    def _add(self, entry: Any) -> None:
        bit = 1 << len(self.begin)
        if isinstance(entry, slice):
            self._append(
                0 if entry.start is None else _checked(entry.start),
                0 if entry.stop is None else _checked(entry.stop),
                1 if entry.step is None else _checked(entry.step),
            )
            self._mark("begin_mask", bit, entry.start is None)
            self._mark("end_mask", bit, entry.stop is None)
        elif entry is Ellipsis:
            self._append(0, 0, 1)
            self._mark("ellipsis_mask", bit)
        elif entry is None:
            self._append(0, 0, 1)
            self._mark("new_axis_mask", bit)
        else:
            index = _checked(entry)
            self._append(index, index + 1, 1)
            self._mark("shrink_axis_mask", bit)

    def _append(self, begin: Any, end: Any, stride: Any) -> None:
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)

    def _mark(self, mask: str, bit: int, condition: bool = True) -> None:
        if condition:
            self.masks[mask] |= bit


def _bounds(values: list[Any]) -> Tensor:
    if all(type(value) is int for value in values):
        return constant(values, dtypes.int32, name="stack")
    return stack(values)


def _aligned(parts: list[Tensor]) -> list[Tensor]:
    """The parts as int64, if one of them is."""
    if all(part.dtype.base_dtype is parts[0].dtype.base_dtype for part in parts):
        return parts
    return [
        part if part.dtype.base_dtype is dtypes.int64 else apply("Cast", part, DstT=dtypes.int64)
        for part in parts
    ]


def getitem(tensor: Any, key: Any) -> Tensor:
    """``tensor[key]``: a strided slice, or a boolean mask.

    Entries of `key` are integers, slices, ``...``, None (a new axis) and integer tensors of rank 0.

    Raises:
        TypeError: on an entry of another kind.
        ValueError: if an index is known to be out of range.
    """
    if _is_mask(key):
        return boolean_mask(tensor, key)
    spec = _Spec(key)
    with name_scope(None, "strided_slice", [tensor, *spec.begin, *spec.end]) as scope:
        if spec.begin:
            parts = _aligned([_bounds(part) for part in (spec.begin, spec.end, spec.strides)])
        else:
            parts = [constant(np.array([], np.int32))] * 3
        result: Tensor = apply("StridedSlice", tensor, *parts, name=scope, **spec.masks)
        return result


def assign_slice(sliced: Tensor, value: Any, name: str | None = None) -> Any:
    """``variable[key].assign(value)``: store `value` in the slice, return the variable.

    Raises:
        ValueError: if the tensor is no slice of a variable.
    """
    source = sliced.op.inputs[0] if sliced.op.type == "StridedSlice" else None
    if source is not None and source.op.type == "Identity":
        source = source.op.inputs[0]
    if source is None or not source.dtype.is_ref_dtype:
        raise ValueError("Sliced assignment is only supported for variables")
    masks = {mask: sliced.op.attrs[mask] for mask in MASKS}
    name = name or sliced.op.name + "/_assign/"
    return apply("StridedSliceAssign", source, *sliced.op.inputs[1:], value, name=name, **masks)


def _assign_of(tensor: Tensor) -> Any:
    if tensor.op.type != "StridedSlice":
        raise AttributeError("'Tensor' object has no attribute 'assign'")
    return lambda value, name=None: assign_slice(tensor, value, name)


Tensor._override_operator("__getitem__", getitem)
Tensor._override_operator("assign", property(_assign_of))  # type: ignore[arg-type]
