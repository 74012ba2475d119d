"""Slots: the variables that an optimizer keeps beside each variable it trains."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with
from flowgraph.library import initializers
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_protos import SaveSliceInfo
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.shapes import TensorShape

__all__ = ["create_slot", "create_slot_with_initializer", "create_zeros_slot"]


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """A variable that starts as `val`, named ``PRIMARY/NAME``.

    Args:
        primary: the variable that the slot belongs to.
        val: its initial value, a tensor.
        name: usually the optimizer's name.
        colocate_with_primary: place it where the primary is.
    """
    known = val.shape.is_fully_defined()
    return _create(primary, val, name, None, None, known, colocate_with_primary)


def create_slot_with_initializer(
    primary: Any,
    initializer: Any,
    shape: Any,
    dtype: Any,
    name: str,
    colocate_with_primary: bool = True,
) -> Any:
    """A variable of the given shape and type, filled by an initializer, named ``PRIMARY/NAME``."""
    known = TensorShape(shape).is_fully_defined()
    return _create(primary, initializer, name, shape, dtype, known, colocate_with_primary)


def create_zeros_slot(
    primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True
) -> Any:
    """A variable of zeros with the primary's shape, named ``PRIMARY/NAME``."""
    dtype = primary.dtype.base_dtype if dtype is None else dtype
    shape = primary.get_shape()
    if shape.is_fully_defined():
        zeros = initializers.Zeros()
        return create_slot_with_initializer(
            primary, zeros, shape, dtype, name, colocate_with_primary
        )
    value = primary.initialized_value()
    zero = apply("Cast", 0, DstT=dtype)
    return create_slot(
        primary, apply("Fill", apply("Shape", value), zero), name, colocate_with_primary
    )


def _create(
    primary: Any,
    initial: Any,
    name: str,
    shape: Any,
    dtype: Any,
    validate_shape: bool,
    colocate: bool,
) -> Any:
    place = colocate_with(primary) if colocate else nullcontext()
    with variable_scope(None, f"{primary.op.name}/{name}"), place:
        scope = get_variable_scope()
        # A slot of a partition is whole: the primary is the partition.
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        # The scope's name is the variable's: the empty name leaves just a slash after it.
        slot = get_variable(
            "",
            initializer=initial,
            trainable=False,
            shape=shape,
            dtype=dtype,
            validate_shape=validate_shape,
        )
        scope.set_partitioner(partitioner)
    info = getattr(primary, "_save_slice_info", None)
    if info is not None:
        own = slot.op.name.removeprefix(f"{primary.op.name}/")
        slot._set_save_slice_info(
            SaveSliceInfo(
                f"{info.full_name}/{own}", info.full_shape, info.var_offset, info.var_shape
            )
        )
    return slot
