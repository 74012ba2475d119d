"""Resizing one image or a batch, by a method of choice."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.image_checks import (
    as_batch,
    check_image,
    known_or_computed,
    require,
    sizes_of,
    unbatched,
)
from flowgraph.ops.image_frames import pad_to_bounding_box
from flowgraph.ops.joining import stack
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.rounding import round as rounded

__all__ = ["ResizeMethod", "resize_image_with_pad", "resize_images"]


class ResizeMethod:
    """The methods of `resize_images`."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_OPS = {
    ResizeMethod.BILINEAR: "ResizeBilinear",
    ResizeMethod.NEAREST_NEIGHBOR: "ResizeNearestNeighbor",
    ResizeMethod.BICUBIC: "ResizeBicubic",
    ResizeMethod.AREA: "ResizeArea",
    "bilinear": "ResizeBilinear",
    "nearest": "ResizeNearestNeighbor",
    "bicubic": "ResizeBicubic",
    "area": "ResizeArea",
}


def _size_tensor(size: Any) -> Tensor:
    try:
        tensor = convert_to_tensor(size, dtypes.int32, name="size")
    except (TypeError, ValueError):
        raise ValueError("'size' must be a 1-D int32 Tensor") from None
    if not tensor.shape.is_compatible_with([2]):
        raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
    return tensor


def _within(size: Tensor, images: Tensor) -> Tensor:
    """The greatest size within `size` that has the images' ratio of height and width."""
    _, *lengths, _ = sizes_of(images)
    scales = [
        cast(size[axis], dtypes.float32) / cast(length, dtypes.float32)
        for axis, length in enumerate(lengths)
    ]
    scale = apply("Minimum", *scales)
    scaled = [
        cast(rounded(scale * cast(length, dtypes.float32)), dtypes.int32) for length in lengths
    ]
    return stack(scaled, name="size")


def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """Images resized to a size.

    Args:
        images: [height, width, channels] or [batch, height, width, channels]
        size: int32 [2]: the new height and width.
        method: one of `ResizeMethod`, or "bilinear", "nearest", "bicubic", "area".
        align_corners: the centers of the corner pixels of input and output lie upon each other.
        preserve_aspect_ratio: make height or width smaller so that their ratio stays.

    Returns:
        float32 images; of the type of `images` with NEAREST_NEIGHBOR, or where the size is known
        to be the same.

    Raises:
        ValueError: if the rank, the size or the method is none of these.
    """
    with name_scope(name, "resize", [images, size]):
        images = convert_to_tensor(images, name="images")
        if images.dims is None:
            raise ValueError("'images' contains no shape.")
        if len(images.dims) not in (3, 4):
            raise ValueError("'images' must have either 3 or 4 dimensions.")
        is_batch = len(images.dims) == 4
        if not is_batch:
            images = expand_dims(images, 0)
        wanted = _size_tensor(size)
        if preserve_aspect_ratio:
            wanted = _within(wanted, images)
        known = wanted.const_dims() or (None, None)
        assert images.dims is not None
        if None not in known and known == images.dims[1:3]:
            return unbatched(images, is_batch)
        if method not in _OPS:
            raise ValueError(f"Resize method is not implemented: {method}")
        resized: Tensor = apply(_OPS[method], images, wanted, align_corners=align_corners)
        resized.set_shape([None, *known, None])
        return resized if is_batch else squeeze(resized, axis=[0])


def resize_image_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
) -> Tensor:
    """Images resized without change of their ratio of height and width, with zeros around.

    Args:
        image: [height, width, channels] or [batch, height, width, channels]
        target_height, target_width: the size of the result; integers or scalar tensors.
        method, align_corners: of `resize_images`.

    Raises:
        ValueError: if the size is not positive.
    """
    with name_scope(None, "resize_image_with_pad", [image]):
        images, is_batch = as_batch(image)
        checks = check_image(images)
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        images = with_dependencies(checks, images)
        _, height, width, _ = sizes_of(images)
        tall, wide, target_tall, target_wide = (
            cast(each, dtypes.float32) for each in (height, width, target_height, target_width)
        )
        ratio = apply("Maximum", wide / target_wide, tall / target_tall)
        new_tall, new_wide = tall / ratio, wide / ratio
        size = [cast(apply("Floor", each), dtypes.int32) for each in (new_tall, new_wide)]
        above = apply("Floor", (target_tall - new_tall) / 2)
        left = apply("Floor", (target_wide - new_wide) / 2)
        above, left = (
            known_or_computed("Maximum", max, 0, cast(each, dtypes.int32)) for each in (above, left)
        )
        resized = resize_images(images, size, method, align_corners)
        padded = pad_to_bounding_box(resized, above, left, target_height, target_width)
        return unbatched(padded, is_batch)
