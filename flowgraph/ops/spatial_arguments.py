"""Arguments that convolution and pooling functions take in several forms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

__all__ = ["one_axis_format", "padding_attrs", "per_axis"]


def per_axis(value: Any, spatial: int, data_format: str, name: str) -> list[int]:
    """One number per axis: from a number, one per spatial axis, or one per axis already.

    Raises:
        ValueError: if there are as many numbers as none of these takes.
    """
    if value is None:
        return [1] * (spatial + 2)
    given = list(value) if isinstance(value, Collection) else [value]
    if len(given) == spatial + 2:
        return given
    if len(given) == 1:
        given = given * spatial
    elif len(given) != spatial:
        raise ValueError(
            f"{name} should be of length 1, {spatial} or {spatial + 2} but was {len(given)}"
        )
    return [1, 1, *given] if data_format.startswith("NC") else [1, *given, 1]


def padding_attrs(padding: Any, rank: int = 4) -> dict[str, Any]:
    """The attributes `padding` and `explicit_paddings`.

    Args:
        padding: "SAME", "VALID", or a pair of numbers per axis.

    Raises:
        ValueError: if the pairs are none, or not as many as there are axes.
    """
    if padding == "EXPLICIT":
        raise ValueError(
            '"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, '
            "the padding parameter must be a list."
        )
    if not isinstance(padding, list | tuple):
        return {"padding": padding, "explicit_paddings": []}
    for pair in padding:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(
                "When padding is a list, each element of padding must be a list/tuple of size 2. "
                f"Element {pair!r} is not."
            )
    if len(padding) != rank:
        raise ValueError(
            f"When padding is a list, it must be of size {rank}. Got padding of size {len(padding)}"
        )
    flat = [each for pair in padding for each in pair]
    return {"padding": "EXPLICIT", "explicit_paddings": flat}


def one_axis_format(data_format: str | None, *, images: bool = False) -> tuple[str, int]:
    """The data format of images of height 1, and where that axis stands in them.

    Args:
        data_format: NWC, NCW or None; with `images` also NHWC or NCHW.

    Raises:
        ValueError: on any other.
    """
    if data_format in (None, "NWC") or (images and data_format == "NHWC"):
        return "NHWC", 1
    if data_format == "NCW" or (images and data_format == "NCHW"):
        return "NCHW", 2
    raise ValueError(f"data_format must be either NWC or NCW. Got {data_format!r}")
