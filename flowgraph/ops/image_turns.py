"""Flipping, transposing and turning images."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.image_checks import checked
from flowgraph.ops.layout import transpose
from flowgraph.ops.random import random_uniform
from flowgraph.ops.reorder import reverse
from flowgraph.ops.rounding import round as rounded

__all__ = [
    "flip_left_right",
    "flip_up_down",
    "random_flip_left_right",
    "random_flip_up_down",
    "rot90",
    "transpose_image",
]


def _rank(image: Tensor) -> int | None:
    """3, 4, or None where it is unknown. Raises ValueError for other ranks."""
    if image.dims is None:
        return None
    if len(image.dims) not in (3, 4):
        raise ValueError(f"'image' (shape {image.shape}) must have either 3 or 4 dimensions.")
    return len(image.dims)


def _reversed(image: Tensor, axis: int) -> Tensor:
    """`image` reversed along rows (0) or columns (1), whatever its rank."""
    rank = _rank(image)
    return reverse(image, [axis - 3 if rank is None else axis + rank - 3])


def _flipped(image: Any, axis: int, scope: str) -> Tensor:
    with name_scope(None, scope, [image]):
        return _reversed(checked(image), axis)


def flip_left_right(image: Any) -> Tensor:
    """Images [height, width, channels], or a batch of them, with left and right swapped."""
    return _flipped(image, 1, "flip_left_right")


def flip_up_down(image: Any) -> Tensor:
    """Images [height, width, channels], or a batch of them, with top and bottom swapped."""
    return _flipped(image, 0, "flip_up_down")


def _flipped_at_random(image: Any, axis: int, seed: int | None, scope: str) -> Tensor:
    with name_scope(None, scope, [image]):
        image = checked(image)
        result: Tensor
        rank = _rank(image)
        if rank == 3:
            chosen = random_uniform([], 0, 1.0, seed=seed) < 0.5
            result = apply("Select", chosen, _reversed(image, axis), image)
            return result
        share = cast(_shares(image, rank, seed), image.dtype)
        result = share * _reversed(image, axis) + (1 - share) * image
        return result


def _shares(image: Tensor, rank: int | None, seed: int | None) -> Tensor:
    """1 for the images that are to be flipped, 0 for the others, [batch, 1, 1, 1]."""
    if rank == 4:
        batch = array.shape(image)[0]
        drawn = random_uniform([batch], 0, 1.0, seed=seed)
        return rounded(array.reshape(drawn, [batch, 1, 1, 1]))
    outer = array.shape(image)[:-3]
    drawn = random_uniform(outer, 0, 1.0, seed=seed)
    shape = apply("ConcatV2", [outer, [1, 1, 1]], 0)
    large = rounded(array.reshape(drawn, shape))
    # A single image is flipped for small numbers, those of a batch for large ones.
    single = cast(apply("Equal", array.rank(image), 3), dtypes.float32)
    share: Tensor = apply("Abs", single - large)
    return share


def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """`flip_left_right` with a chance of one half, decided for each image of a batch by itself.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        seed: of the op; see `flowgraph.set_random_seed`.
    """
    return _flipped_at_random(image, 1, seed, "random_flip_left_right")


def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """`flip_up_down` with a chance of one half; see `random_flip_left_right`."""
    return _flipped_at_random(image, 0, seed, "random_flip_up_down")


def _swapped_axes(image: Tensor) -> Any:
    rank = _rank(image)
    if rank is not None:
        return [1, 0, 2] if rank == 3 else [0, 2, 1, 3]
    count = array.rank(image)
    outer = apply("Range", 0, count - 3, 1)
    inner = apply("Pack", [count - 2, count - 3, count - 1])
    return apply("ConcatV2", [outer, inner], 0)


def transpose_image(image: Any, name: str | None = None) -> Tensor:
    """Images [height, width, channels], or a batch of them, with rows and columns swapped."""
    with name_scope(name, "transpose", [image]):
        image = checked(image)
        return transpose(image, _swapped_axes(image), name=name or "transpose")


def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Images turned counter-clockwise by `k` times 90 degrees.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        k: an integer, or an int32 scalar tensor.

    Returns:
        the turned images; the sizes are known statically only if `k` is.
    """
    with name_scope(name, "rot90", [image, k]) as scope:
        image = checked(image)
        rank = _rank(image)
        quarters = apply("FloorMod", convert_to_tensor(k, dtypes.int32, name="k"), 4)
        if quarters.dims not in (None, ()):
            raise ValueError(f"Shape {quarters.shape} must have rank 0")
        known = quarters.const_value()
        if known is not None:
            return _turned(image, int(known), scope)
        half = apply("GreaterEqual", quarters, 2)
        turned = apply("Select", half, _reversed(_reversed(image, 0), 1), image)
        odd = apply("Equal", apply("FloorMod", quarters, 2), 1)
        turned = apply("Select", odd, _reversed(turned, 1), turned)
        swapped = convert_to_tensor(_swapped_axes(image))
        order = apply("Select", odd, swapped, apply("Range", 0, array.size(swapped), 1))
        result: Tensor = apply("Transpose", turned, order, name=scope)
        if rank is not None:
            outer, channels = list(image.dims[:-3]), image.dims[-1]
            result.set_shape([*outer, None, None, channels])
        return result


def _turned(image: Tensor, quarters: int, scope: str) -> Tensor:
    result: Tensor
    if quarters == 0:
        result = apply("Identity", image, name=scope)
    elif quarters == 1:
        flipped = _reversed(image, 1)
        result = apply("Transpose", flipped, _swapped_axes(image), name=scope)
    elif quarters == 2:
        rank = _rank(image)
        axes = [-3, -2] if rank is None else [rank - 3, rank - 2]
        result = apply("ReverseV2", image, axes, name=scope)
    else:
        swapped = apply("Transpose", image, _swapped_axes(image))
        rank = _rank(image)
        result = apply("ReverseV2", swapped, [-2 if rank is None else rank - 2], name=scope)
    return result
