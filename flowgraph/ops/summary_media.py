"""Summaries of images, sounds and whole tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes, protos
from flowgraph.dims import Dims
from flowgraph.dtypes import as_dtype
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.ops import image_png
from flowgraph.ops.audio import SOUND, wav_file
from flowgraph.ops.kinds import ANY
from flowgraph.ops.sample_values import f32, i32

__all__ = ["AudioSummaryV2", "ImageSummary", "TensorSummaryV2"]

Array = npt.NDArray[Any]

_SMALLEST_RANGE = 1e-6
RED = np.array([255, 0, 0, 255], np.uint8)


def _string(value: Any) -> bytes:
    found: bytes = np.asarray(value, np.object_).item()
    return found


def _serialized(summary: Any) -> Array:
    return np.array(summary.SerializeToString(), np.object_)


def _tags(tag: bytes, kind: str, count: int, limit: int) -> list[str]:
    name = tag.decode()
    if limit == 1:
        return [f"{name}/{kind}"] * count
    return [f"{name}/{kind}/{number}" for number in range(count)]


def _tagged(tag: Operand, *ranks: tuple[Operand, tuple[int, ...]]) -> Dims:
    if tag.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(tag.dims)}")
    for operand, allowed in ranks:
        if operand.dims is not None and len(operand.dims) not in allowed:
            wanted = f"rank {allowed[0]}" if len(allowed) == 1 else f"at least rank {allowed[0]}"
            if len(operand.dims) > allowed[-1] and len(allowed) > 1:
                wanted = f"at most rank {allowed[-1]}"
            raise ValueError(f"Shape must be {wanted} but is rank {len(operand.dims)}")
    return ()


def _bytes_of(image: Array, bad_color: Array) -> Array:
    """A float image as uint8, its values scaled to the whole range.

    Numbers from 0 on are scaled so that the largest becomes 255; if there are negative ones, so
    that 0 becomes 128. Pixels that are not finite get the colour `bad_color`.
    """
    finite = np.isfinite(image).all(-1)
    pixels = image[finite]
    low, high = (pixels.min(), pixels.max()) if pixels.size else (0, 0)
    largest = max(abs(low), abs(high)) if low < 0 else high
    top, offset = (127, 128) if low < 0 else (255, 0)
    # In float32 for all types.
    scale = np.float32(0 if largest < _SMALLEST_RANGE else top) / np.float32(largest or 1)
    result = np.empty(image.shape, np.uint8)
    result[finite] = (pixels * image.dtype.type(scale) + image.dtype.type(offset)).astype(np.uint8)
    result[~finite] = bad_color[: image.shape[2]]
    return result


@op(
    "ImageSummary",
    "tag: string, tensor: T -> summary: string",
    max_images=attr("int", 3, minimum=1),
    bad_color=attr("tensor", RED),
    T=types((dtypes.uint8, dtypes.float32, dtypes.float16, dtypes.float64), dtypes.float32),
)
class ImageSummary:
    """A Summary with images [batch, height, width, 1, 3 or 4 channels], as PNG files.

    At most `max_images` of the batch are taken. Floats are scaled to the range of bytes, each
    image by itself; pixels that are not finite get the colour `bad_color`.
    """

    grad = None

    def shape(tag: Operand, tensor: Operand) -> Dims:
        return _tagged(tag, (tensor, (4,)))

    def numpy(tag: Any, tensor: Any, *, max_images: int, bad_color: Any) -> Any:
        channels = tensor.shape[3]
        if channels not in (1, 3, 4):
            text = f"Tensor must be 4-D with last dim 1, 3, or 4, not {list(tensor.shape)}"
            raise InvalidArgumentError(None, None, text)
        if bad_color.dtype != np.uint8 or bad_color.ndim != 1 or len(bad_color) < channels:
            text = f"bad_color must be a vector of at least {channels} bytes, got {bad_color!r}"
            raise InvalidArgumentError(None, None, text)
        summary = protos.Summary()
        chosen = tensor[:max_images]
        for name, image in zip(
            _tags(_string(tag), "image", len(chosen), max_images), chosen, strict=True
        ):
            pixels = image if image.dtype == np.uint8 else _bytes_of(image, bad_color)
            height, width, _ = pixels.shape
            summary.value.add(tag=name).image.MergeFrom(
                protos.Summary.Image(
                    height=height,
                    width=width,
                    colorspace=channels,
                    encoded_image_string=image_png.encode(pixels),
                )
            )
        return _serialized(summary)


def _audio(tag: Any, sounds: Array, sample_rate: float, limit: int) -> Array:
    if sample_rate <= 0:
        raise InvalidArgumentError(None, None, "sample_rate must be > 0")
    summary = protos.Summary()
    batch = sounds[:limit] if sounds.ndim == 3 else sounds[:limit, :, None]
    for name, sound in zip(_tags(_string(tag), "audio", len(batch), limit), batch, strict=True):
        frames, channels = sound.shape
        summary.value.add(tag=name).audio.MergeFrom(
            protos.Summary.Audio(
                sample_rate=sample_rate,
                num_channels=channels,
                length_frames=frames,
                encoded_audio_string=wav_file(sound, int(sample_rate)),
                content_type="audio/wav",
            )
        )
    return _serialized(summary)


TAG = np.array(b"tag", np.object_)
SOUNDS = np.stack([SOUND, SOUND / 2])


@op(
    "AudioSummaryV2",
    "tag: string, tensor: float32, sample_rate: float32 -> summary: string",
    max_outputs=attr("int", 3, minimum=1),
)
class AudioSummaryV2:
    """A Summary with sounds [batch, frames, channels] or [batch, frames], as WAV files.

    Samples are between -1 and 1; at most `max_outputs` sounds of the batch are taken.
    """

    grad = None
    samples = (
        case(TAG, SOUNDS, f32(8000)),
        case(TAG, SOUNDS[0], f32(44100), max_outputs=2),
        case(TAG, SOUNDS, f32(16000), max_outputs=1),
        case(TAG, SOUNDS, f32(0), raises="sample_rate must be > 0"),
        case(TAG, SOUNDS[0, 0], f32(1), raises="Shape must be at least rank 2 but is rank 1"),
    )

    def shape(tag: Operand, tensor: Operand, sample_rate: Operand) -> Dims:
        return _tagged(tag, (tensor, (2, 3)), (sample_rate, (0,)))

    def numpy(tag: Any, tensor: Any, sample_rate: Any, *, max_outputs: int) -> Any:
        return _audio(tag, tensor, float(sample_rate), max_outputs)


@op(
    "TensorSummaryV2",
    "tag: string, tensor: T, serialized_summary_metadata: string -> summary: string",
    T=types(ANY),
)
class TensorSummaryV2:
    """A Summary with a whole tensor, and metadata that tell who shows it."""

    grad = None
    samples = (
        case(TAG, f32([[1, 2], [3, 4]]), np.array(b"", np.object_)),
        case(TAG, i32(7), np.array(b"", np.object_)),
        case(
            TAG,
            np.array([b"a", b"bc"], np.object_),
            np.array(
                protos.SummaryMetadata(plugin_data={"plugin_name": "text"}).SerializeToString(),
                np.object_,
            ),
        ),
    )

    def shape(tag: Operand, tensor: Operand, serialized_summary_metadata: Operand) -> Dims:
        return ()

    def numpy(tag: Any, tensor: Any, serialized_summary_metadata: Any) -> Any:
        array = np.asarray(tensor)
        dtype = as_dtype(array.dtype)
        proto = protos.TensorProto(dtype=dtype.as_datatype_enum)
        proto.tensor_shape.SetInParent()
        for size in array.shape:
            proto.tensor_shape.dim.add(size=size)
        if dtype is dtypes.string:
            proto.string_val.extend(array.reshape(-1).tolist())
        else:
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            proto.tensor_content = little.tobytes()
        metadata = protos.SummaryMetadata.FromString(_string(serialized_summary_metadata))
        summary = protos.Summary()
        summary.value.add(tag=_string(tag).decode(), tensor=proto, metadata=metadata)
        return _serialized(summary)
