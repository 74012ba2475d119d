"""What a model consists of, in numbers (`tf.contrib.slim.model_analyzer`)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from flowgraph.dims import num_elements

__all__ = ["analyze_vars", "tensor_description"]


def tensor_description(var: Any) -> str:
    """Type, shape and size of a variable in words: ``(float32_ref 3x4) [12, bytes: 48]``."""
    sizes = "x".join(str(size) for size in var.get_shape().as_list())
    count = num_elements(var.get_shape()._dims) or 0
    return f"({var.dtype.name} {sizes}) [{count}, bytes: {count * var.dtype.base_dtype.size}]"


def analyze_vars(variables: Iterable[Any], print_info: bool = False) -> tuple[int, int]:
    """The number of elements of all variables, and of their bytes.

    Args:
        print_info: also write a line for each to the standard output.
    """
    lines = ["---------", "Variables: name (type shape) [size]", "---------"]
    total = total_bytes = 0
    for variable in variables:
        count = num_elements(variable.get_shape()._dims) or 0
        total += count
        total_bytes += count * variable.dtype.base_dtype.size
        lines.append(f"{variable.name} {tensor_description(variable)}")
    lines += [f"Total size of variables: {total}", f"Total bytes of variables: {total_bytes}"]
    if print_info:
        sys.stdout.write("\n".join(lines) + "\n")
    return total, total_bytes
