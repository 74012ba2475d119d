"""Reading image files in a graph: PNG, JPEG, GIF and BMP."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import image_codecs
from flowgraph.ops.image_file_samples import (
    ANIMATION,
    JPEG,
    JPEG_GREY,
    NARROW,
    STILL,
    WIDE,
    bitmap,
    stored_png,
    text,
)
from flowgraph.ops.image_types import convert_image_dtype
from flowgraph.ops.sample_values import i32

__all__ = [
    "decode_and_crop_jpeg",
    "decode_bmp",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "extract_jpeg_shape",
    "is_jpeg",
]

Array = npt.NDArray[Any]

JUNK = case(text(b"hello"), raises="Unknown image file format")
PNGS = tuple(stored_png(NARROW[..., :channels]) for channels in (1, 2, 3))


def _bytes(contents: Any) -> bytes:
    value: bytes = np.asarray(contents, np.object_).item()
    return value


def _is_scalar(contents: Operand) -> None:
    if contents.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(contents.dims)}")


def _one_image(contents: Operand, *, channels: int) -> Dims:
    """The shape rule: [height, width, channels], the latter as far as they are asked for."""
    _is_scalar(contents)
    if channels < 0:
        raise ValueError(f"channels must be non-negative, got {channels}")
    return None, None, channels or None


def _decode(contents: Any, channels: int, dtype: Any, op_type: str, **jpeg: Any) -> Array:
    """All frames of a PNG, JPEG or GIF file: whichever op is asked reads them all."""
    content = _bytes(contents)
    image_codecs.check_channels("", channels)
    found = image_codecs.format_of(content)
    image_codecs.check_channels(found, channels)
    if found == "PNG":
        return image_codecs.decode_png(content, channels, np.dtype(dtype))[None]
    if found == "GIF":
        image = image_codecs.decode_gif(content)
    elif found == "JPEG":
        image = image_codecs.decode_jpeg(content, channels, **jpeg)[None]
    elif op_type == "DecodeImage":
        image = image_codecs.decode_bmp(content, channels)[None]
    else:
        raise InvalidArgumentError(
            None,
            None,
            "Trying to decode BMP format using a wrong op. Use `decode_bmp` or `decode_image` "
            f"instead. Op used: {op_type}",
        )
    return image if dtype == np.uint8 else image.astype(np.uint16) * np.uint16(256)


def _single(frames: Array) -> Array:
    if len(frames) > 1:
        raise InvalidArgumentError(
            None,
            None,
            f"Got {len(frames)} frames, but animated gifs can only be decoded by tf.io.decode_gif "
            "or tf.io.decode_image",
        )
    image: Array = frames[0]
    return image


@op(
    "DecodePng",
    "contents: string -> image: dtype",
    channels=0,
    dtype=types((dtypes.uint8, dtypes.uint16), dtypes.uint8),
)
class DecodePng:
    """The image [height, width, channels] of a PNG file; JPEG and unmoving GIF are read as well.

    `channels` is 1 for grey, 3 for RGB, 4 for RGB and opacity, or 0 for as many as the file has.
    """

    grad = None
    shape = _one_image
    samples = (
        *(case(file, channels=n) for file in PNGS for n in (0, 1, 3, 4)),
        case(PNGS[0], dtype=dtypes.uint16),
        case(stored_png(WIDE), dtype=dtypes.uint16),
        case(stored_png(WIDE), dtype=dtypes.uint16, channels=1),
        case(stored_png(WIDE[..., :1]), channels=4),
        case(STILL),
        JUNK,
        case(PNGS[2], channels=2, raises="must be 0, 1, 3"),
        case(text(PNGS[2].item()[:-30]), raises="Invalid PNG data, size"),
        case(ANIMATION, raises="Got 2 frames, but animated gifs"),
        case(np.array([b""], object), raises="Shape must be rank 0 but is rank 1"),
    )

    def numpy(contents: Any, *, channels: int, dtype: DType) -> Any:
        return _single(_decode(contents, channels, dtype.np, "DecodePng"))


JPEG_ATTRS: dict[str, Any] = {
    "channels": 0,
    "ratio": 1,
    "fancy_upscaling": True,
    "try_recover_truncated": False,
    "acceptable_fraction": 1.0,
    "dct_method": "",
}
ACCURATE = "INTEGER_ACCURATE"


@op("DecodeJpeg", "contents: string -> image: uint8", **JPEG_ATTRS)
class DecodeJpeg:
    """The image [height, width, channels] of a JPEG file; PNG and unmoving GIF are read as well.

    `channels` is 1 for grey, 3 for RGB, or 0 for as many as the file has. The image is `ratio`
    (1, 2, 4 or 8) times smaller than in the file. With `try_recover_truncated` what is missing
    at the end of a file is grey. Colours are always upsampled smoothly, and the inverse cosine
    transform is the accurate one: `fancy_upscaling`, `acceptable_fraction` and `dct_method` are
    accepted and ignored.
    """

    grad = None
    shape = _one_image
    samples = (
        case(JPEG, dct_method=ACCURATE),
        case(JPEG, dct_method=ACCURATE, channels=1),
        case(JPEG_GREY, dct_method=ACCURATE),
        case(JPEG_GREY, dct_method=ACCURATE, channels=3),
        case(JPEG_GREY, dct_method=ACCURATE, ratio=2),
        case(PNGS[2]),
        JUNK,
        case(JPEG, ratio=3, raises="ratio must be 1, 2, 4, or 8, got 3"),
        case(JPEG, channels=4, raises="JPEG does not support 4 channels"),
        case(text(JPEG.item()[:-20]), raises="Invalid JPEG data or crop window"),
        case(ANIMATION, raises="Got 2 frames, but animated gifs"),
        case(bitmap(NARROW), raises="Trying to decode BMP format using a wrong op"),
    )

    def numpy(contents: Any, *, channels: int, ratio: int, try_recover_truncated: bool) -> Any:
        jpeg = {"ratio": ratio, "recover": try_recover_truncated}
        return _single(_decode(contents, channels, np.uint8, "DecodeJpeg", **jpeg))


@op("DecodeAndCropJpeg", "contents: string, crop_window: int32 -> image: uint8", **JPEG_ATTRS)
class DecodeAndCropJpeg:
    """DecodeJpeg, and of its result only `crop_window`: top, left, height, width."""

    grad = None
    samples = (
        case(JPEG_GREY, i32([1, 2, 4, 5]), dct_method=ACCURATE),
        case(JPEG_GREY, i32([0, 0, 10, 9]), dct_method=ACCURATE, channels=3),
        case(JPEG_GREY, i32([1, 2, 40, 5]), raises="Invalid JPEG data or crop window"),
        case(PNGS[0], i32([1, 2, 3, 3]), raises="can run on JPEG only"),
        case(JPEG_GREY, i32([1, 2, 4]), raises="Dimension must be 4 but is 3"),
    )

    def shape(contents: Operand, crop_window: Operand, *, channels: int) -> Dims:
        found = _one_image(contents, channels=channels)
        assert found is not None
        if crop_window.dims is not None and len(crop_window.dims) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(crop_window.dims)}")
        if crop_window.dims not in (None, (None,), (4,)):
            raise ValueError(f"Dimension must be 4 but is {crop_window.dims[0]}")
        window = crop_window.const_value()
        height, width = (None, None) if window is None else (int(window[2]), int(window[3]))
        return height, width, found[2]

    def numpy(
        contents: Any, crop_window: Any, *, channels: int, ratio: int, try_recover_truncated: bool
    ) -> Any:
        content = _bytes(contents)
        found = image_codecs.format_of(content)
        if found != "JPEG":
            raise InvalidArgumentError(
                None,
                None,
                f"DecodeAndCropJpeg operation can run on JPEG only, but detected {found}.",
            )
        image_codecs.check_channels(found, channels)
        return image_codecs.decode_jpeg(
            content, channels, ratio, try_recover_truncated, crop_window.tolist()
        )


@op("DecodeGif", "contents: string -> image: uint8")
class DecodeGif:
    """The frames [frames, height, width, 3] of a GIF file; PNG and JPEG are one frame."""

    grad = None
    samples = (
        case(ANIMATION),
        case(STILL),
        case(PNGS[2]),
        case(PNGS[0]),
        case(text(STILL.item()[:30]), raises="Invalid GIF data"),
        JUNK,
    )

    def shape(contents: Operand) -> Dims:
        _is_scalar(contents)
        return None, None, None, 3

    def numpy(contents: Any) -> Any:
        return _decode(contents, 3, np.uint8, "DecodeGif")


@op("DecodeBmp", "contents: string -> image: uint8", channels=0)
class DecodeBmp:
    """The image [height, width, channels] of an uncompressed BMP file; `channels` as DecodePng."""

    grad = None
    shape = _one_image
    samples = (
        case(bitmap(NARROW)),
        case(bitmap(NARROW), channels=4),
        case(bitmap(NARROW[..., :1])),
        case(bitmap(NARROW[..., :1]), channels=3),
        case(bitmap(np.concatenate([NARROW, NARROW[..., :1]], 2))),
        case(text(bitmap(NARROW).item()[:60]), raises="Incomplete bmp content"),
        case(bitmap(NARROW), channels=1, raises="must be 0, 3 or 4 for BMP"),
        case(PNGS[0], raises="Trying to decode PNG format using DecodeBmp op"),
    )

    def numpy(contents: Any, *, channels: int) -> Any:
        content = _bytes(contents)
        found = image_codecs.format_of(content)
        if found != "BMP":
            other = f"decode_{found.lower()}"
            raise InvalidArgumentError(
                None,
                None,
                f"Trying to decode {found} format using DecodeBmp op. Use `{other}` or "
                "`decode_image` instead.",
            )
        image_codecs.check_channels(found, channels)
        return image_codecs.decode_bmp(content, channels)


@op(
    "DecodeImage",
    "contents: string -> image: dtype",
    channels=0,
    dtype=types((dtypes.uint8, dtypes.uint16, dtypes.float32), dtypes.uint8),
    expand_animations=True,
)
class DecodeImage:
    """The image of a PNG, JPEG, GIF or BMP file.

    [height, width, channels], or, of a GIF with `expand_animations`, [frames, height, width, 3].
    """

    grad = None
    samples = (
        *(case(file) for file in (PNGS[0], PNGS[2], ANIMATION, STILL, bitmap(NARROW))),
        case(ANIMATION, expand_animations=False),
        *(
            case(file, dtype=dtype)
            for file in (PNGS[2], STILL, bitmap(NARROW), stored_png(WIDE))
            for dtype in (dtypes.uint16, dtypes.float32)
        ),
        case(PNGS[2], channels=1, expand_animations=False),
        JUNK,
        case(ANIMATION, channels=1, raises="channels must be 0 or 3 for GIF, got 1"),
    )

    def shape(contents: Operand, *, channels: int, expand_animations: bool) -> Dims:
        found = _one_image(contents, channels=channels)
        return None if expand_animations else found

    def numpy(contents: Any, *, channels: int, dtype: DType, expand_animations: bool) -> Any:
        frames = _unit if dtype is dtypes.float32 else _decode
        found = frames(contents, channels, dtype.np, "DecodeImage")
        is_gif = image_codecs.format_of(_bytes(contents)) == "GIF"
        return found if is_gif and expand_animations else found[0]


def _unit(contents: Any, channels: int, dtype: Any, op_type: str) -> Array:
    """All frames as numbers from 0 to 1."""
    is_png = image_codecs.format_of(_bytes(contents)) == "PNG"
    kind = np.uint16 if is_png else np.uint8
    frames = _decode(contents, channels, kind, op_type)
    return frames * np.float32(1 / np.iinfo(kind).max)


@op(
    "ExtractJpegShape",
    "contents: string -> image_shape: output_type",
    output_type=types((dtypes.int32, dtypes.int64), dtypes.int32),
)
class ExtractJpegShape:
    """Height, width and number of channels of a JPEG file, whose image is not decoded."""

    grad = None
    samples = (
        case(JPEG),
        case(JPEG_GREY, output_type=dtypes.int64),
        case(PNGS[0], raises="Invalid JPEG data, size"),
    )

    def shape(contents: Operand) -> Dims:
        _is_scalar(contents)
        return (3,)

    def numpy(contents: Any, *, output_type: DType) -> Any:
        return np.array(image_codecs.jpeg_shape(_bytes(contents)), output_type.np)


decode_png = function_of("DecodePng", "decode_png")
decode_jpeg = function_of("DecodeJpeg", "decode_jpeg")
decode_and_crop_jpeg = function_of("DecodeAndCropJpeg", "decode_and_crop_jpeg")
decode_gif = function_of("DecodeGif", "decode_gif")
decode_bmp = function_of("DecodeBmp", "decode_bmp")
extract_jpeg_shape = function_of("ExtractJpegShape", "extract_jpeg_shape")


def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """The image of a PNG, JPEG, GIF or BMP file.

    Args:
        contents: the file, a scalar string.
        channels: 1 for grey, 3 for RGB, 4 for RGB and opacity; None or 0 for those of the file.
        dtype: of the result; integers range to their maximum, floats to 1.
        expand_animations: whether a GIF gives all its frames, otherwise the first.

    Returns:
        [height, width, channels], or [frames, height, width, 3] of a GIF with
        `expand_animations`. The static rank is unknown but without `expand_animations`.
    """
    with name_scope(name, "decode_image"):
        target = dtypes.as_dtype(dtype)
        known = target in (dtypes.float32, dtypes.uint8, dtypes.uint16)
        image: Tensor = apply(
            "DecodeImage",
            contents,
            channels=channels or 0,
            dtype=target if known else dtypes.uint16,
            expand_animations=expand_animations,
        )
        return image if known else convert_image_dtype(image, target)


def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """Whether a scalar string begins as a JPEG file does, a bool scalar."""
    with name_scope(name, "is_jpeg"):
        begin = apply("Substr", contents, 0, 3)
        found: Tensor = apply("Equal", begin, b"\xff\xd8\xff", name=name)
        return found
