"""Where a condition holds: indices, masks, sequence masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import reshape, shape
from flowgraph.ops.gather import gather
from flowgraph.ops.kinds import NUMBERS
from flowgraph.ops.layout import squeeze
from flowgraph.ops.sample_values import f32, i32
from flowgraph.shapes import TensorShape

__all__ = ["boolean_mask", "sequence_mask"]

MASK = np.array([[True, False, True], [False, False, True]])


@op("Where", "input: T -> index: int64", T=types((*NUMBERS, dtypes.bool), dtypes.bool))
class Where:
    """The coordinates of the elements that are not zero (not False), one per row, in order."""

    grad = None
    samples = (
        case(MASK),
        case(np.array([False, False])),
        case(f32([0, -1, np.nan])),
        case(i32([[[0, 2]]])),
        case(np.zeros((0, 2), bool)),
    )

    def shape(x: Operand) -> Dims:
        return (None, None if x.dims is None else len(x.dims))

    def numpy(x: Any) -> Any:
        if x.ndim == 0:
            text = "WhereOp: Unhandled input dimensions: 0"
            raise errors.InvalidArgumentError(None, None, text)
        return np.argwhere(x)


def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None) -> Tensor:
    """The elements (or blocks) of `tensor` where `mask` is true.

    Args:
        mask: of known rank; its shape is that of the axes of `tensor` from `axis` on.
        axis: the first masked axis, 0 by default.

    Raises:
        ValueError: if the shapes do not fit, or the mask is a scalar or of unknown rank.
    """
    with name_scope(name, None, [tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        if mask.dims is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        count = len(mask.dims)
        if count == 0:
            raise ValueError("mask cannot be scalar.")
        first = 0 if axis is None else int(axis)
        whole = tensor.shape
        whole[first : first + count].assert_is_compatible_with(mask.shape)
        masked = apply("Prod", shape(tensor)[first : first + count], [0])
        parts = [shape(tensor)[:first], [masked], shape(tensor)[first + count :]]
        flat = reshape(tensor, apply("ConcatV2", parts, 0, name="concat"))
        length = whole[first : first + count].num_elements()
        known = whole[:first].concatenate(TensorShape([length])).concatenate(whole[first + count :])
        flat.set_shape(known)
        chosen = apply("Where", reshape(mask, [-1]))
        return gather(flat, squeeze(chosen, [1]), axis=first)


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool, name: str | None = None
) -> Tensor:
    """``mask[..., j] = j < lengths[...]``.

    Args:
        lengths: integers.
        maxlen: the size of the new last axis; the largest length if None.
        dtype: of the result.

    Raises:
        ValueError: if `maxlen` is not a scalar.
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            axes = None if lengths.dims is None else np.arange(len(lengths.dims), dtype=np.int32)
            every = apply("Range", 0, apply("Rank", lengths), 1) if axes is None else constant(axes)
            longest = apply("Max", lengths, every)
            limit = apply("Maximum", constant(0, longest.dtype), longest)
        else:
            limit = convert_to_tensor(maxlen)
        if limit.dims not in (None, ()):
            raise ValueError(
                f"Argument `maxlen` must be scalar for sequence_mask, got {limit.shape}"
            )
        number = limit.dtype.base_dtype
        columns = apply("Range", constant(0, number), limit, constant(1, number))
        rows = apply("Cast", apply("ExpandDims", lengths, -1), DstT=number)
        mask: Tensor = columns < rows
        wanted = dtypes.bool if dtype is None else dtypes.as_dtype(dtype)
        return mask if wanted is dtypes.bool else apply("Cast", mask, DstT=wanted)
