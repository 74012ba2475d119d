"""Cutting images and adding borders to them."""

from __future__ import annotations

import operator
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.image_checks import (
    as_batch,
    check_image,
    checked,
    known_or_computed,
    require,
    sizes_of,
    static_sizes,
    unbatched,
)
from flowgraph.ops.joining import stack
from flowgraph.ops.padding import pad

__all__ = [
    "central_crop",
    "crop_to_bounding_box",
    "pad_to_bounding_box",
    "resize_image_with_crop_or_pad",
]


def central_crop(image: Any, central_fraction: Any) -> Tensor:
    """The middle of an image, or of each of a batch.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        central_fraction: the share of height and width that is kept, in (0, 1].

    Raises:
        ValueError: if the fraction or the rank is not of these.
    """
    with name_scope(None, "central_crop", [image]):
        image = convert_to_tensor(image, name="image")
        if central_fraction <= 0.0 or central_fraction > 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            whole: Tensor = image
            return whole
        checked(image)
        rank = 0 if image.dims is None else len(image.dims)
        if image.dims is None or rank not in (3, 4):
            raise ValueError(
                "`image` should either be a Tensor with rank = 3 or rank = 4. "
                f"Had rank = {rank or None}."
            )
        begins, lengths = [], []
        for axis in (rank - 3, rank - 2):
            begin, length = _middle(image, axis, central_fraction)
            begins.append(begin)
            lengths.append(length)
        front = [0] * (rank - 3)
        begin = stack([*front, *begins, 0])
        size = stack([*(-1 for _ in front), *lengths, -1])
        cut: Tensor = apply("Slice", image, begin, size)
        cut.set_shape([*image.dims[: rank - 3], *static_sizes(lengths), image.dims[-1]])
        return cut


def _middle(image: Tensor, axis: int, fraction: float) -> tuple[Any, Any]:
    """Where the kept part of an axis begins, and its length."""
    assert image.dims is not None
    length = image.dims[axis]
    if length is not None:
        begin = int((length - length * fraction) / 2)
        return begin, length - begin * 2
    computed = array.shape(image)[axis]
    wide = cast(computed, dtypes.float64)
    first = cast((wide - wide * fraction) / 2, dtypes.int32)
    return first, computed - first * 2


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """An image, or each of a batch, with zeros around it.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        offset_height, offset_width: rows of zeros above and columns on the left.
        target_height, target_width: the size of the result.

    Raises:
        ValueError: if the image does not fit (InvalidArgumentError when run, for tensors).
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        images, is_batch = as_batch(image)
        checks = check_image(images)
        batch, height, width, channels = sizes_of(images)
        right = target_width - offset_width - width
        below = target_height - offset_height - height
        checks += require(offset_height >= 0, "offset_height must be >= 0")
        checks += require(offset_width >= 0, "offset_width must be >= 0")
        checks += require(right >= 0, "width must be <= target - offset")
        checks += require(below >= 0, "height must be <= target - offset")
        images = with_dependencies(checks, images)
        borders = stack([0, 0, offset_height, below, offset_width, right, 0, 0])
        padded = pad(images, array.reshape(borders, [4, 2]))
        padded.set_shape(static_sizes([batch, target_height, target_width, channels]))
        return unbatched(padded, is_batch)


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """A part of an image, or of each of a batch.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        offset_height, offset_width: its first row and column.
        target_height, target_width: its size.

    Raises:
        ValueError: if it does not lie within the image (InvalidArgumentError when run, for
            tensors).
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        images, is_batch = as_batch(image)
        checks = check_image(images)
        batch, height, width, channels = sizes_of(images)
        checks += require(offset_width >= 0, "offset_width must be >= 0.")
        checks += require(offset_height >= 0, "offset_height must be >= 0.")
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        checks += require(
            width >= (target_width + offset_width), "width must be >= target + offset."
        )
        checks += require(
            height >= (target_height + offset_height), "height must be >= target + offset."
        )
        images = with_dependencies(checks, images)
        cut: Tensor = apply(
            "Slice",
            images,
            stack([0, offset_height, offset_width, 0]),
            stack([-1, target_height, target_width, -1]),
        )
        cut.set_shape(static_sizes([batch, target_height, target_width, channels]))
        return unbatched(cut, is_batch)


def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """An image, or each of a batch, cut or padded with zeros on both sides to a size.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        target_height, target_width: the size; integers or scalar tensors.

    Raises:
        ValueError: if the size is not positive.
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        images, is_batch = as_batch(image)
        checks = check_image(images)
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        images = with_dependencies(checks, images)
        if isinstance(target_height, Tensor):
            target_height = with_dependencies(checks, target_height)
        if isinstance(target_width, Tensor):
            target_width = with_dependencies(checks, target_width)
        _, height, width, _ = sizes_of(images)
        surplus_width = target_width - width
        cut_left = known_or_computed("Maximum", max, -surplus_width // 2, 0)
        add_left = known_or_computed("Maximum", max, surplus_width // 2, 0)
        surplus_height = target_height - height
        cut_top = known_or_computed("Maximum", max, -surplus_height // 2, 0)
        add_top = known_or_computed("Maximum", max, surplus_height // 2, 0)
        cut = crop_to_bounding_box(
            images,
            cut_top,
            cut_left,
            known_or_computed("Minimum", min, target_height, height),
            known_or_computed("Minimum", min, target_width, width),
        )
        padded = pad_to_bounding_box(cut, add_top, add_left, target_height, target_width)
        _, tall, wide, _ = sizes_of(padded)
        checks = require(
            known_or_computed("Equal", operator.eq, tall, target_height),
            "resized height is not correct.",
        )
        checks += require(
            known_or_computed("Equal", operator.eq, wide, target_width),
            "resized width is not correct.",
        )
        return unbatched(with_dependencies(checks, padded), is_batch)
