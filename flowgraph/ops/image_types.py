"""The element types of images: integers from 0 to their maximum, or floats from 0 to 1."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast, saturate_cast

__all__ = ["as_float_image", "convert_image_dtype"]


def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Tensor:
    """`image` with another element type, its values scaled to the range of that type.

    Integers range from 0 to the type's maximum, floating-point numbers from 0 to 1.

    Args:
        dtype: an integer or floating-point type.
        saturate: values beyond the range of `dtype` become its limits; otherwise they overflow.

    Raises:
        AttributeError: if one of the types is neither integer nor floating point.
    """
    image = convert_to_tensor(image, name="image")
    target, source = dtypes.as_dtype(dtype).base_dtype, image.dtype.base_dtype
    for each, what in ((target, "dtype"), (source, "image dtype")):
        if not each.is_floating and not each.is_integer:
            raise AttributeError(f"{what} must be either floating point or integer")
    result: Tensor
    if target is source:
        result = apply("Identity", image, name=name)
        return result
    convert = saturate_cast if saturate else cast
    with name_scope(name, "convert_image", [image]) as scope:
        if source.is_floating and target.is_floating:
            result = cast(image, target, scope)
        elif source.is_floating:
            # Half a step above the maximum, so that every value gets an equal share.
            result = convert(apply("Mul", image, target.max + 0.5), target, name=scope)
        elif target.is_floating:
            result = apply("Mul", cast(image, target), 1.0 / source.max, name=scope)
        elif source.max > target.max:
            scaled = apply("FloorDiv", image, (source.max + 1) // (target.max + 1))
            result = convert(scaled, target, name=scope)
        else:
            factor = (target.max + 1) // (source.max + 1)
            result = apply("Mul", convert(image, target), factor, name=scope)
        return result


def as_float_image(image: Tensor) -> Tensor:
    """`image` itself if it is of float16 or float32, otherwise converted to float32."""
    if image.dtype.base_dtype in (dtypes.float16, dtypes.float32):
        return image
    return convert_image_dtype(image, dtypes.float32)
