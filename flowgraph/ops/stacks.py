"""The stacks on which loops of TensorFlow 1's GraphDefs keep values for their gradients.

At run time a handle is a list, made anew whenever the op that makes it runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.graph.opdef import Operand, attr, op

__all__: list[str] = []


class _Stack:
    """Values of which the last one pushed is the first one popped."""

    __slots__ = ("closed", "limit", "values")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.values: list[Any] = []
        self.closed = False

    def check_open(self) -> None:
        if self.closed:
            raise errors.InvalidArgumentError(None, None, "Stack has already been closed.")


@op("StackV2", "max_size: int32 -> handle: resource", elem_type=attr("type"), stack_name="")
class StackV2:
    """A new, empty stack of at most `max_size` values; of any number if that is negative."""

    stateful = True
    grad = None

    def shape(max_size: Operand) -> Dims:
        return (2,)

    def numpy(max_size: Any) -> _Stack:
        return _Stack(int(max_size))


@op(
    "StackPushV2",
    "handle: resource, elem: T -> output: T",
    T=attr("type"),
    swap_memory=False,
)
class StackPushV2:
    """Puts `elem` onto the stack; `elem`."""

    stateful = True
    view = 1
    grad = None

    def shape(handle: Operand, elem: Operand) -> Dims:
        return elem.dims

    def numpy(handle: _Stack, elem: Any) -> Any:
        handle.check_open()
        if 0 <= handle.limit <= len(handle.values):
            raise errors.InvalidArgumentError(
                None, None, f"Stack overflow: max_size {handle.limit} is reached."
            )
        # The array may be a buffer that the next turn writes to.
        handle.values.append(elem.copy() if isinstance(elem, np.ndarray) else elem)
        return elem


@op("StackPopV2", "handle: resource -> elem: elem_type", elem_type=attr("type"))
class StackPopV2:
    """Takes the last value from the stack."""

    stateful = True
    grad = None

    def shape(handle: Operand) -> Dims:
        return None

    def numpy(handle: _Stack) -> Any:
        handle.check_open()
        if not handle.values:
            raise errors.InvalidArgumentError(None, None, "Stack is empty when calling Pop()")
        return handle.values.pop()


@op("StackCloseV2", "handle: resource ->")
class StackCloseV2:
    """Gives the memory of the stack back; nothing can be pushed or popped afterwards."""

    stateful = True
    grad = None

    def shape(handle: Operand) -> list[Dims]:
        return []

    def numpy(handle: _Stack) -> tuple[()]:
        handle.values.clear()
        handle.closed = True
        return ()
