"""What is known of a tensor's value while the graph is built.

Shapes often travel as tensors: ``reshape(x, [tf.shape(x)[0], -1])``. `const_value` evaluates small
constant subgraphs with the ops' own kernels; `const_dims` reads a tensor as a shape whose sizes
may be known only in part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.graph import hooks
from flowgraph.graph.opdef import MISSING
from flowgraph.graph.tensor import Tensor

__all__ = ["const_dims", "const_value"]

_MAX_ELEMENTS = 4096
_UNKNOWN = object()
# Ops that pass a shape on as it is.
_SAME = ("Cast", "Identity")


def const_value(tensor: Tensor) -> Any:
    """The array that `tensor` always evaluates to, or None if that is not known.

    Only small values are computed; a Const is returned whatever its size.
    """
    if tensor._const is None:
        # By an explicit stack: a chain of scalars may be longer than Python's own stack is deep.
        for each in _unsettled(tensor):
            _settle(each)
    known = _settle(tensor)
    return None if known is _UNKNOWN else known


def _unsettled(tensor: Tensor) -> list[Tensor]:
    """What the value of `tensor` is computed from and was not asked for yet, inputs first."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack = [(tensor, False)]
    while stack:
        each, inputs_done = stack.pop()
        if inputs_done:
            order.append(each)
        elif each._const is None and each not in seen:
            seen.add(each)
            stack.append((each, True))
            if _computable(each):
                stack.extend((source, False) for source in each.op.inputs)
    return order


def _settle(tensor: Tensor) -> Any:
    """The value of `tensor`, or `_UNKNOWN`, remembered."""
    known = tensor._const
    if known is None:
        known = _evaluate(tensor)
        if known is _UNKNOWN and tensor.op.type in _PARTIAL:
            known = _known_part(tensor)
        # A shape may still be refined by set_shape, so "unknown" is not remembered for those.
        if known is not _UNKNOWN or tensor.op.type not in ("Shape", "Size", "Rank"):
            tensor._const = known
    return known


def _computable(tensor: Tensor) -> bool:
    """True if a kernel can make `tensor`, small enough, from values of its inputs."""
    op = tensor.op
    definition = op.definition
    if definition.stateful or not op.inputs or definition.numpy in (None, MISSING):
        return False
    # The value of a PlaceholderWithDefault is only a default: another one may be fed.
    if op.type in ("Shape", "Size", "Rank", "PlaceholderWithDefault"):
        return False
    if any(each.dtype.is_ref_dtype for each in op.inputs):
        return False
    return all(_is_small(each) for each in [tensor, *op.inputs])


def _is_small(tensor: Tensor) -> bool:
    count = dims.num_elements(tensor.dims)
    return count is not None and count <= _MAX_ELEMENTS


def _evaluate(tensor: Tensor) -> Any:
    op = tensor.op
    if op.type == "Const":
        return op.attrs["value"]
    if op.type in ("Shape", "Size", "Rank"):
        return _shape_facts(tensor)
    if not _computable(tensor):
        return _UNKNOWN
    definition = op.definition
    values = [const_value(each) for each in op.inputs]
    if any(value is None for value in values):
        return _UNKNOWN
    arguments = definition.group(values, op.attrs)
    try:
        with np.errstate(all="ignore"):
            results = definition.numpy(*arguments, **definition.kernel_keywords(op.attrs))
    except Exception:
        # The same error is raised with its full text when the op runs.
        return _UNKNOWN
    single = len(op.outputs) == 1 and not definition.outputs[0].is_list
    result = np.asarray(results if single else results[tensor.value_index])
    return result.astype(tensor.dtype.np, copy=False)


def _shape_facts(tensor: Tensor) -> Any:
    shape = tensor.op.inputs[0].dims
    kind = tensor.op.type
    if shape is None or (kind != "Rank" and None in shape):
        return _UNKNOWN
    numpy_dtype = tensor.dtype.np
    if kind == "Shape":
        return np.array(shape, numpy_dtype)
    if kind == "Size":
        return np.array(dims.num_elements(shape), numpy_dtype)
    return np.array(len(shape), numpy_dtype)


def _known_part(tensor: Tensor) -> Any:
    """The value of a piece of a partly known shape, if that piece is known."""
    if tensor.dtype.kind != "i" or tensor.dims is None or len(tensor.dims) > 1:
        return _UNKNOWN
    found = _PARTIAL[tensor.op.type](tensor)
    if found is None or None in found:
        return _UNKNOWN
    return np.array(found, tensor.dtype.np).reshape([len(found)] if tensor.dims else [])


def const_dims(tensor: Tensor) -> Dims:
    """`tensor`, a vector of integers, read as a shape: -1 and unknown elements become None."""
    value = const_value(tensor)
    if value is not None:
        return tuple(None if size < 0 else int(size) for size in value.reshape(-1).tolist())
    while tensor.op.type in _SAME:
        tensor = tensor.op.inputs[0]
    rule = _PARTIAL.get(tensor.op.type)
    if rule is not None:
        found = rule(tensor)
        if found is not None:
            return found
    if tensor.dims is not None and len(tensor.dims) == 1 and tensor.dims[0] is not None:
        return (None,) * tensor.dims[0]
    return None


def _of_shape(tensor: Tensor) -> Dims:
    return tensor.op.inputs[0].dims


def _of_pack(tensor: Tensor) -> Dims:
    sizes: list[int | None] = []
    for each in tensor.op.inputs:
        size = _scalar(each)
        sizes.append(None if size is None or size < 0 else size)
    return tuple(sizes)


def _scalar(tensor: Tensor) -> int | None:
    value = const_value(tensor)
    if value is not None:
        return int(value)
    if tensor.op.type in ("StridedSlice", "GatherV2"):
        found = _PARTIAL[tensor.op.type](tensor)
        return found[0] if found is not None and len(found) == 1 else None
    if tensor.op.type in ("Cast", "Identity", "Squeeze"):
        return _scalar(tensor.op.inputs[0])
    return None


def _of_scalar(tensor: Tensor) -> Dims:
    """A scalar made a vector of one element."""
    source = tensor.op.inputs[0]
    return (_scalar(source),) if source.dims == () and tensor.dims == (1,) else None


def _of_concat(tensor: Tensor) -> Dims:
    parts: tuple[int | None, ...] = ()
    for each in tensor.op.inputs[:-1]:
        part = const_dims(each)
        if part is None:
            return None
        parts += part
    return parts


def _of_slice(tensor: Tensor) -> Dims:
    """One-dimensional StridedSlice of a partly known shape."""
    op = tensor.op
    shape = const_dims(op.inputs[0])
    bounds = [const_value(each) for each in op.inputs[1:4]]
    if shape is None or any(bound is None or bound.size != 1 for bound in bounds):
        return None
    if op.attrs["ellipsis_mask"] or op.attrs["new_axis_mask"]:
        return None
    begin, end, stride = (int(bound.reshape(-1)[0]) for bound in bounds)
    if op.attrs["shrink_axis_mask"]:
        return shape[begin : begin + 1 or None]
    start = None if op.attrs["begin_mask"] else begin
    stop = None if op.attrs["end_mask"] else end
    return shape[start:stop:stride]


def _of_block(tensor: Tensor) -> Dims:
    """One-dimensional Slice of a partly known shape."""
    source, *bounds = tensor.op.inputs
    shape = const_dims(source)
    begin, size = (const_value(each) for each in bounds)
    if shape is None or begin is None or size is None or begin.size != 1:
        return None
    first, count = int(begin.reshape(-1)[0]), int(size.reshape(-1)[0])
    return shape[first:] if count < 0 else shape[first : first + count]


def _of_gather(tensor: Tensor) -> Dims:
    """Elements of a partly known shape, chosen by known indices."""
    shape = const_dims(tensor.op.inputs[0])
    indices = const_value(tensor.op.inputs[1])
    if shape is None or indices is None or len(tensor.op.inputs[0].dims or ()) != 1:
        return None
    chosen = indices.reshape(-1).tolist()
    if any(not 0 <= index < len(shape) for index in chosen):
        return None
    return tuple(shape[index] for index in chosen)


_PARTIAL: dict[str, Callable[[Tensor], Dims]] = {
    "Shape": _of_shape,
    "Pack": _of_pack,
    "ConcatV2": _of_concat,
    "StridedSlice": _of_slice,
    "ExpandDims": _of_scalar,
    "Reshape": _of_scalar,
    "Slice": _of_block,
    "GatherV2": _of_gather,
}

hooks.const_value = const_value
hooks.const_dims = const_dims
