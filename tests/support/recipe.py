"""What is tried on every sample of an op, with TensorFlow and with flowgraph alike.

A form says how one input enters the graph: ``"const"``, or the static shape of a placeholder (a
list with None for unknown sizes, or None for an unknown rank). A variant is a form per flat input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from support.archive import Array

__all__ = ["FED", "Form", "numbers_fed", "variants", "weights"]

Form = Any
FED = "fed"


def variants(shapes: Sequence[tuple[int, ...]]) -> dict[str, list[Form]]:
    """The variants for inputs of the given shapes, by name.

    All inputs constant; all fed; then each input by itself fed, without each of its sizes, and
    without its rank; then no sizes and no ranks at all.
    """
    full = [list(shape) for shape in shapes]
    found: dict[str, list[Form]] = {"const": ["const"] * len(full), FED: list(full)}
    for index, shape in enumerate(full):
        forms: dict[str, Form] = {"value": shape, "rank": None}
        for axis in range(len(shape)):
            forms[f"size{axis}"] = [*shape[:axis], None, *shape[axis + 1 :]]
        for what, form in forms.items():
            others = found["const"]
            found[f"{what} of {index}"] = [*others[:index], form, *others[index + 1 :]]
    found["sizes"] = [[None] * len(shape) for shape in full]
    found["ranks"] = [None] * len(full)
    return found


def numbers_fed(arrays: Sequence[Array]) -> list[Form]:
    """The forms of a usual differentiated op: axes, shapes and indices are constants."""
    return [list(a.shape) if np.issubdtype(a.dtype, np.inexact) else "const" for a in arrays]


def weights(shape: Sequence[int], output: int, dtype: Any) -> Array:
    """The gradient that flows into output number `output`; exact in every type."""
    count = int(np.prod(shape, dtype=np.int64))
    values = (np.arange(count) * 7 + 3 * output + 2) % 11 / 4 - 1
    values = np.where(values == 0, 0.5, values)
    return np.asarray(values.reshape(tuple(shape)).astype(dtype))
