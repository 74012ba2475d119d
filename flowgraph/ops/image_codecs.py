"""Image files to arrays and back: PNG, JPEG and GIF through Pillow, BMP by itself."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph.errors import InvalidArgumentError, UnimplementedError
from flowgraph.ops import image_png

__all__ = [
    "check_channels",
    "decode_bmp",
    "decode_gif",
    "decode_jpeg",
    "decode_png",
    "encode_jpeg",
    "format_of",
    "jpeg_shape",
]

Array = npt.NDArray[Any]

_MAGIC = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": b"GIF8", "BMP": b"BM"}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_BMP = struct.Struct("<10xI4xiiHH")
_LUMA = np.array([9797, 19234, 3737])
_LUMA_BITS = 15


def invalid(text: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, text)


def _pillow() -> Any:
    """Pillow's module Image."""
    try:
        from PIL import Image
    except ImportError:
        text = (
            "Image files are read and written by the package Pillow, which is not installed: "
            "pip install 'flowgraph[images]'"
        )
        raise UnimplementedError(None, None, text) from None
    return Image


def format_of(contents: bytes) -> str:
    """The format of a file by its first bytes: JPEG, PNG, GIF or BMP.

    Raises:
        InvalidArgumentError: if it is none of them.
    """
    for name, magic in _MAGIC.items():
        if contents.startswith(magic):
            return name
    raise invalid("Unknown image file format. One of JPEG, PNG, GIF, BMP required.")


def check_channels(kind: str, channels: int) -> None:
    """Raise InvalidArgumentError if a file of this format has not so many channels to give."""
    if channels not in (0, 1, 3, 4):
        raise invalid(f"`channels` must be 0, 1, 3 or 4 but got {channels}")
    if kind == "JPEG" and channels == 4:
        raise invalid("JPEG does not support 4 channels")
    if kind == "GIF" and channels not in (0, 3):
        raise invalid(f"channels must be 0 or 3 for GIF, got {channels}")
    if kind == "BMP" and channels == 1:
        raise invalid("`channels` must be 0, 3 or 4 for BMP, but got 1")


def _opened(contents: bytes, kind: str, what: str) -> Any:
    image = _pillow()
    try:
        return image.open(io.BytesIO(contents), formats=[kind])
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise invalid(f"{what}: {error}") from None


def _pixels(image: Any, what: str) -> Array:
    """The loaded image [height, width, channels]."""
    try:
        array = np.array(image)
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise invalid(f"{what}: {error}") from None
    return array if array.ndim == 3 else array[..., None]


def _grey(rgb: Array) -> Array:
    """The luma of [..., 3], in integers as libpng computes it."""
    total = rgb.astype(np.int64) @ _LUMA
    if rgb.dtype == np.uint16:
        total += 1 << (_LUMA_BITS - 1)
    grey: Array = (total >> _LUMA_BITS).astype(rgb.dtype)[..., None]
    return grey


def _with_channels(image: Array, channels: int) -> Array:
    """An image of 1 to 4 channels (an even number has opacity last) with another number."""
    has = image.shape[2]
    if channels in (0, has):
        return image
    opaque = np.full((*image.shape[:2], 1), np.iinfo(image.dtype).max, image.dtype)
    colours, opacity = (image[..., :-1], image[..., -1:]) if has % 2 == 0 else (image, opaque)
    if channels == 1 and colours.shape[2] == 3:
        colours = _grey(colours)
    elif channels >= 3 and colours.shape[2] == 1:
        colours = np.repeat(colours, 3, 2)
    return np.concatenate([colours, opacity], 2) if channels % 2 == 0 else colours


def decode_png(contents: bytes, channels: int, dtype: Any) -> Array:
    """The image of a PNG file as uint8 or uint16 [height, width, channels]."""
    what = f"Invalid PNG data, size {len(contents)}"
    try:
        deep = image_png.bit_depth(contents) == 16
        image = image_png.decode_deep(contents) if deep else None
    except (ValueError, KeyError, struct.error) as error:
        raise invalid(f"{what}: {error}") from None
    if image is None:
        opened = _opened(contents, "PNG", what)
        transparent = "transparency" in opened.info
        mode = opened.mode
        if mode == "P":
            mode = "RGBA" if transparent else "RGB"
        elif mode == "1":
            mode = "L"
        if transparent and channels == 4:
            mode = "RGBA"
        try:
            image = _pixels(opened.convert(mode), what)
        except (OSError, SyntaxError, ValueError, struct.error) as error:
            raise invalid(f"{what}: {error}") from None
    image = _with_channels(image, channels)
    if image.dtype == dtype:
        return image
    if dtype == np.uint8:
        return (image >> 8).astype(np.uint8)
    return image.astype(np.uint16) * np.uint16(257)


def decode_jpeg(
    contents: bytes, channels: int, ratio: int = 1, recover: bool = False, crop: Any = None
) -> Array:
    """The image of a JPEG file as uint8 [height, width, channels].

    Args:
        ratio: 1, 2, 4 or 8: how much smaller the image is wanted.
        recover: whether a truncated file is good enough.
        crop: top, left, height and width of the wanted part.
    """
    if ratio not in (1, 2, 4, 8):
        raise invalid(f"ratio must be 1, 2, 4, or 8, got {ratio}")
    what = "jpeg::Uncompress failed. Invalid JPEG data or crop window."
    opened = _opened(contents + b"\xff\xd9" * recover, "JPEG", what)
    wanted = channels or (1 if opened.mode == "L" else 3)
    width, height = opened.size
    # The decoder itself makes grey or smaller images.
    opened.draft(_MODES[wanted], (width / ratio, height / ratio))
    try:
        opened.load()
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise invalid(f"{what}: {error}") from None
    image = _pixels(opened.convert(_MODES[wanted]), what)
    if crop is None:
        return image
    top, left, tall, wide = (int(each) for each in crop)
    inside = min(top, left) >= 0 and top + tall <= image.shape[0]
    if not inside or left + wide > image.shape[1] or tall <= 0 or wide <= 0:
        raise invalid(what)
    return image[top : top + tall, left : left + wide].copy()


def decode_gif(contents: bytes) -> Array:
    """The frames of a GIF file as uint8 [frames, height, width, 3]."""
    what = f"Invalid GIF data (size {len(contents)})"
    opened = _opened(contents, "GIF", what)
    frames = []
    try:
        for number in range(opened.n_frames):
            opened.seek(number)
            frames.append(np.array(opened.convert("RGB")))
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:
        raise invalid(f"{what}: {error}") from None
    return np.stack(frames)


def decode_bmp(contents: bytes, channels: int) -> Array:
    """The image of an uncompressed BMP file as uint8 [height, width, channels]."""
    if len(contents) < _BMP.size:
        raise invalid(
            f"Incomplete bmp content, requires at least {_BMP.size} bytes to find the "
            f"header, got {len(contents)}"
        )
    offset, width, height, _, bits = _BMP.unpack_from(contents)
    has, rest = divmod(bits, 8)
    if rest or has not in (1, 3, 4):
        raise invalid(f"Number of channels inherent in the image must be 1, 3 or 4, was {has}")
    if width <= 0 or not height:
        raise invalid(f"BMP image has the size {height} x {width}")
    stride = (width * has + 3) // 4 * 4
    rows = abs(height)
    if offset + rows * stride > len(contents):
        raise invalid(
            "Incomplete bmp content, requires at least "
            f"{offset + rows * stride} bytes, got {len(contents)} bytes"
        )
    lines = np.frombuffer(contents, np.uint8, rows * stride, offset).reshape(rows, stride)
    image = lines[:: 1 if height < 0 else -1, : width * has].reshape(rows, width, has)
    if has >= 3:
        image = image[..., [2, 1, 0, 3][:has]]
    return _with_channels(image, channels).copy()


def jpeg_shape(contents: bytes) -> tuple[int, int, int]:
    """Height, width and number of channels, from the frame header of a JPEG file."""
    place = 2
    while contents.startswith(_MAGIC["JPEG"]) and place + 9 < len(contents):
        marker, length = struct.unpack_from(">HH", contents, place)
        is_frame = 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC)
        if is_frame:
            height, width, channels = struct.unpack_from(">HHB", contents, place + 5)
            return height, width, channels
        place += 2 + length
    raise invalid(f"Invalid JPEG data, size {len(contents)}")


def encode_jpeg(
    image: Array,
    quality: int,
    density: tuple[bool, int, int] = (False, 300, 300),
    xmp: bytes = b"",
    halved: bool = True,
    **settings: Any,
) -> bytes:
    """An image [height, width, channels] of uint8 as a file.

    Args:
        quality: 0 to 100.
        density: whether per centimetre, not per inch; horizontal and vertical resolution.
        xmp: metadata, kept in a segment of its own.
        halved: whether colour differences have half the resolution.
        settings: of Pillow's encoder.
    """
    if not 0 <= quality <= 100:
        raise invalid(f"quality must be in [0,100], got {quality}")
    made = _pillow().fromarray(image[..., 0] if image.shape[2] == 1 else image)
    buffer = io.BytesIO()
    settings["subsampling"] = 2 if halved and image.shape[2] == 3 else 0
    per_centimetre, *resolution = density
    # Pillow takes 0 for its own default; libjpeg makes 1 of 0.
    made.save(buffer, "JPEG", quality=max(quality, 1), dpi=resolution, **settings)
    contents = buffer.getvalue()
    # Behind the segment of JFIF, which tells the unit of its resolution.
    place = 4 + struct.unpack_from(">H", contents, 4)[0]
    head = contents[:13] + bytes([1 + per_centimetre]) + contents[14:place]
    if xmp:
        body = b"http://ns.adobe.com/xap/1.0/\0" + xmp
        head += b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return head + contents[place:]
