"""What functions on images have in common: checks, sizes, and single images as batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array
from flowgraph.ops.assertions import Assert, assert_greater_equal, assert_positive
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.joining import unstack
from flowgraph.ops.layout import expand_dims, squeeze

__all__ = [
    "as_batch",
    "check_image",
    "checked",
    "known_or_computed",
    "require",
    "sizes_of",
    "static_sizes",
    "unbatched",
]


def check_image(image: Tensor) -> list[Operation]:
    """Checks that `image` is [..., height, width, channels] and not empty, at once or when run.

    Raises:
        ValueError: if it is not.
    """
    shape = image.dims
    if shape is not None and len(shape) < 3:
        raise ValueError(f"'image' (shape {image.shape}) must be at least three-dimensional.")
    inner = shape[-3:] if shape else (None,) * 3
    if 0 in inner:
        raise ValueError(f"inner 3 dims of 'image.shape' must be > 0: {image.shape}")
    if None not in inner:
        return []
    return [
        assert_positive(array.shape(image)[-3:], ["inner 3 dims of 'image.shape' must be > 0."]),
        assert_greater_equal(
            array.rank(image), 3, message="'image' must be at least three-dimensional."
        ),
    ]


def checked(image: Any) -> Tensor:
    """`image` as a tensor that `check_image` has passed."""
    tensor = convert_to_tensor(image, name="image")
    result: Tensor = with_dependencies(check_image(tensor), tensor)
    return result


def require(condition: Any, message: str) -> list[Operation]:
    """A check when run if `condition` is a tensor; raises ValueError at once if it is False."""
    if isinstance(condition, Tensor):
        return [Assert(condition, [message])]
    if not condition:
        raise ValueError(message)
    return []


def as_batch(image: Any) -> tuple[Tensor, bool]:
    """[height, width, channels] as a batch of one, and whether `image` was a batch.

    Raises:
        ValueError: if the rank is neither 3 nor 4.
    """
    tensor = convert_to_tensor(image, name="image")
    if tensor.dims is None:
        tensor = expand_dims(tensor, 0)
        tensor.set_shape([None] * 4)
        return tensor, False
    if len(tensor.dims) == 3:
        return expand_dims(tensor, 0), False
    if len(tensor.dims) != 4:
        raise ValueError(f"'image' (shape {tensor.shape}) must have either 3 or 4 dimensions.")
    return tensor, True


def unbatched(images: Tensor, is_batch: bool) -> Tensor:
    """The opposite of `as_batch`."""
    return images if is_batch else squeeze(images, axis=[0])


def sizes_of(images: Tensor, rank: int = 4) -> list[Any]:
    """The sizes of each axis: integers where they are known, otherwise scalar tensors."""
    known = images.dims or (None,) * rank
    if None not in known:
        return list(known)
    computed = unstack(array.shape(images), rank)
    return [found if size is None else size for size, found in zip(known, computed, strict=True)]


def static_sizes(sizes: list[Any]) -> list[int | None]:
    """Sizes, or None for those that are tensors."""
    return [None if isinstance(size, Tensor) else int(size) for size in sizes]


def known_or_computed(op_type: str, function: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    """``function(x, y)`` of numbers, or the op of that type if one of them is a tensor."""
    if isinstance(x, Tensor) or isinstance(y, Tensor):
        return apply(op_type, x, y)
    return function(x, y)
