"""Affine maps with variables made in the current scope."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import is_sequence
from flowgraph.library.initializers import Constant
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.ops.bias import bias_add
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul

__all__ = ["Linear", "linear"]


class Linear:
    """``[args...] kernel + bias``, with the variables "kernel" and "bias" of the current scope.

    Args:
        args: a tensor [batch, size] or a list of them, the first to be mapped.
        output_size: the size of the result.
        build_bias: whether there is a bias.
        bias_initializer: of the bias, zeros if None.
        kernel_initializer: of the kernel.

    Raises:
        ValueError: without args, or if one is no matrix of known width.
    """

    def __init__(
        self,
        args: Any,
        output_size: int,
        build_bias: bool,
        bias_initializer: Any = None,
        kernel_initializer: Any = None,
    ) -> None:
        self._build_bias = build_bias
        args = _listed(args)
        rows = sum(_width(each) for each in args)
        dtype = args[0].dtype.base_dtype
        scope = get_variable_scope()
        with variable_scope(scope) as outer:
            self._kernel = get_variable(
                "kernel", [rows, output_size], dtype=dtype, initializer=kernel_initializer
            )
            if build_bias:
                with variable_scope(outer) as inner:
                    inner.set_partitioner(None)
                    self._bias = get_variable(
                        "bias",
                        [output_size],
                        dtype=dtype,
                        initializer=bias_initializer or Constant(0.0, dtype),
                    )

    def __call__(self, args: Any) -> Any:
        """The map of one tensor or of several side by side."""
        args = _listed(args)
        product = matmul(args[0] if len(args) == 1 else concat(args, 1), self._kernel)
        return bias_add(product, self._bias) if self._build_bias else product


def _listed(args: Any) -> list[Any]:
    if args is None or (is_sequence(args) and not args):
        raise ValueError("`args` must be specified")
    return [convert_to_tensor(each) for each in (args if is_sequence(args) else [args])]


def _width(tensor: Any) -> int:
    shape = tensor.get_shape()
    if shape.ndims != 2:
        raise ValueError(f"linear is expecting 2D arguments: {shape}")
    if shape[1].value is None:
        raise ValueError(f"linear expects shape[1] to be provided for shape {shape}, but saw None")
    return int(shape[1].value)


def linear(
    args: Any,
    output_size: int,
    bias: bool,
    bias_initializer: Any = None,
    kernel_initializer: Any = None,
) -> Any:
    """`Linear`, made and applied at once."""
    return Linear(args, output_size, bias, bias_initializer, kernel_initializer)(args)
