"""Writing image files in a graph: PNG and JPEG."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import image_codecs, image_png
from flowgraph.ops.image_file_samples import NARROW
from flowgraph.ops.sample_values import i32

__all__ = ["encode_jpeg", "encode_png"]


def _file(image: Operand, *others: Operand) -> Dims:
    if image.dims is not None and len(image.dims) != 3:
        raise ValueError(f"Shape must be rank 3 but is rank {len(image.dims)}")
    for other in others:
        if other.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(other.dims)}")
    return ()


@op(
    "EncodePng",
    "image: T -> contents: string",
    compression=-1,
    T=types((dtypes.uint8, dtypes.uint16), dtypes.uint8),
)
class EncodePng:
    """An image [height, width, channels], with 1 to 4 channels, as a PNG file.

    `compression` is zlib's level, 0 to 9, or -1 for its default.
    """

    grad = None
    shape = _file

    def numpy(image: Any, *, compression: int) -> Any:
        channels = image.shape[2]
        if not 1 <= channels <= 4:
            text = f"image must have 1, 2, 3, or 4 channels, got {channels}"
            raise InvalidArgumentError(None, None, text)
        if not -1 <= compression <= 9:
            text = f"compression should be in [-1,9], got {compression}"
            raise InvalidArgumentError(None, None, text)
        return np.array(image_png.encode(image, compression), np.object_)


def _check_channels(image: Any, kind: str) -> None:
    wanted = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}[kind]
    if image.shape[2] not in wanted:
        counts = " or ".join(map(str, wanted))
        shown = "[" + ",".join(map(str, image.shape)) + "]"
        text = (
            f"format {kind} expects {counts} channels, got {shown}"
            if kind
            else f"image must have {counts} channels, got {shown}"
        )
        raise InvalidArgumentError(None, None, text)


@op(
    "EncodeJpeg",
    "image: uint8 -> contents: string",
    format=attr("string", "", allowed=("", "grayscale", "rgb")),
    quality=95,
    progressive=False,
    optimize_size=False,
    chroma_downsampling=True,
    density_unit=attr("string", "in", allowed=("in", "cm")),
    x_density=300,
    y_density=300,
    xmp_metadata="",
)
class EncodeJpeg:
    """An image [height, width, channels] as a JPEG file, in grey (1 channel) or RGB (3 channels).

    `format` demands one of them. `quality` is 0 to 100; `chroma_downsampling` halves the
    resolution of colour differences; the densities are noted in the file, as is `xmp_metadata`.
    """

    grad = None
    shape = _file
    samples = (
        case(NARROW),
        case(NARROW[..., :1]),
        case(NARROW, format="rgb", quality=40),
        case(NARROW, quality=0),
        case(NARROW, chroma_downsampling=False, progressive=True),
        case(NARROW, optimize_size=True, xmp_metadata="hello"),
        case(NARROW, density_unit="cm", x_density=10, y_density=20),
        case(NARROW[..., :2], raises="image must have 1 or 3 channels, got .4,5,2."),
        case(NARROW, format="grayscale", raises="format grayscale expects 1 channels"),
        case(NARROW, quality=101, raises="quality must be in .0,100., got 101"),
        case(NARROW[0], raises="Shape must be rank 3 but is rank 2"),
    )

    def numpy(
        image: Any,
        *,
        format: str,
        quality: int,
        progressive: bool,
        optimize_size: bool,
        chroma_downsampling: bool,
        density_unit: str,
        x_density: int,
        y_density: int,
        xmp_metadata: str,
    ) -> Any:
        _check_channels(image, format)
        contents = image_codecs.encode_jpeg(
            image,
            quality,
            density=(density_unit == "cm", x_density, y_density),
            xmp=xmp_metadata.encode(),
            progressive=progressive,
            optimize=optimize_size,
            halved=chroma_downsampling,
        )
        return np.array(contents, np.object_)


@op("EncodeJpegVariableQuality", "images: uint8, quality: int32 -> contents: string")
class EncodeJpegVariableQuality:
    """EncodeJpeg with a quality that may be computed."""

    grad = None
    shape = _file
    samples = (
        case(NARROW, i32(30)),
        case(NARROW[..., :1], i32(90)),
        case(NARROW, i32(101), raises="quality must be in .0,100., got 101"),
        case(NARROW, i32([30]), raises="Shape must be rank 0 but is rank 1"),
    )

    def numpy(images: Any, quality: Any) -> Any:
        _check_channels(images, "")
        contents = image_codecs.encode_jpeg(images, int(quality))
        return np.array(contents, np.object_)


encode_jpeg = function_of("EncodeJpeg", "encode_jpeg")


def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """An image [height, width, channels] of uint8 or uint16 as a PNG file, a scalar string.

    Args:
        image: 1 channel is grey, 2 grey and opacity, 3 RGB, 4 RGB and opacity.
        compression: zlib's level, 0 to 9, or -1 for its default.
    """
    contents: Tensor = apply(
        "EncodePng", convert_to_tensor(image), compression=compression, name=name
    )
    return contents
