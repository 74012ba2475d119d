"""Sound as WAV files of 16-bit samples."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op
from flowgraph.ops.sample_values import f32, i32

__all__ = ["decode_wav", "encode_wav", "wav_file"]

Array = npt.NDArray[Any]

_LARGEST = 2**15
_PCM = 1
_FORMAT = struct.Struct("<HHIIHH")
SOUND = f32([[0.25, -0.5], [1.5, -1.0], [0.0, 0.75]])


def wav_file(sound: Array, sample_rate: int) -> bytes:
    """A WAV file of samples [frames, channels] between -1 and 1; what is beyond is cut off."""
    channels = sound.shape[1]
    scaled = sound.astype(np.float32) * np.float32(_LARGEST)
    # Halves are rounded away from zero.
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    data = np.clip(rounded, -_LARGEST, _LARGEST - 1).astype("<i2").tobytes()
    rates = (sample_rate, sample_rate * channels * 2, channels * 2, 16)
    kind = b"fmt " + struct.pack("<I", 16) + _FORMAT.pack(_PCM, channels, *rates)
    body = b"WAVE" + kind + b"data" + struct.pack("<I", len(data)) + data
    file: bytes = b"RIFF" + struct.pack("<I", len(body)) + body
    return file


def _invalid(text: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, text)


def _chunks(contents: bytes) -> dict[bytes, bytes]:
    if contents[:4] != b"RIFF" or contents[8:12] != b"WAVE":
        raise _invalid("Header mismatch: Expected RIFF and WAVE at the start of a WAV file")
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(contents):
        kind, length = struct.unpack_from("<4sI", contents, place)
        found.setdefault(kind, contents[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return found


def _read(contents: bytes) -> tuple[Array, int]:
    """The samples [frames, channels] of a WAV file, and its sample rate."""
    chunks = _chunks(contents)
    if len(chunks.get(b"fmt ", b"")) < _FORMAT.size or b"data" not in chunks:
        raise _invalid("No format or no data chunk found in WAV")
    kind, channels, rate, _, _, bits = _FORMAT.unpack_from(chunks[b"fmt "])
    if kind != _PCM:
        raise _invalid(f"Bad audio format for WAV: Expected 1 (PCM), but got {kind}")
    if bits != 16:
        raise _invalid(f"Can only read 16-bit WAV files, but received {bits}")
    data = chunks[b"data"]
    count = len(data) // (2 * channels) * channels
    samples = np.frombuffer(data, "<i2", count).astype(np.float32) / np.float32(_LARGEST)
    return samples.reshape(-1, channels), rate


@op("EncodeWav", "audio: float32, sample_rate: int32 -> contents: string")
class EncodeWav:
    """Samples [frames, channels] between -1 and 1 as a WAV file of 16-bit samples."""

    grad = None
    samples = (
        case(SOUND, i32(8000)),
        case(SOUND[:, :1], i32(44100)),
        case(SOUND[0], i32(8000), raises="Shape must be rank 2 but is rank 1"),
        case(SOUND, i32([8000]), raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(audio: Operand, sample_rate: Operand) -> Dims:
        for operand, rank in ((audio, 2), (sample_rate, 0)):
            if operand.dims is not None and len(operand.dims) != rank:
                raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
        return ()

    def numpy(audio: Any, sample_rate: Any) -> Any:
        return np.array(wav_file(audio, int(sample_rate)), np.object_)


STEREO = np.array(wav_file(SOUND, 8000), np.object_)


@op(
    "DecodeWav",
    "contents: string -> audio: float32, sample_rate: int32",
    desired_channels=-1,
    desired_samples=-1,
)
class DecodeWav:
    """The samples [frames, channels] of a 16-bit WAV file, from -1 to 1, and its sample rate.

    `desired_samples` cuts them off or appends zeros; `desired_channels` leaves channels out or
    repeats the first.
    """

    grad = None
    samples = (
        case(STEREO),
        case(STEREO, desired_channels=1),
        case(STEREO, desired_samples=2),
        case(STEREO, desired_samples=5, desired_channels=2),
        case(np.array(wav_file(SOUND[:, :1], 8000), np.object_), desired_channels=2),
        case(np.array(b"hello", np.object_), raises="Header mismatch"),
    )

    def shape(contents: Operand, *, desired_channels: int, desired_samples: int) -> list[Dims]:
        if contents.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(contents.dims)}")
        sizes = [None if each == -1 else each for each in (desired_samples, desired_channels)]
        return [tuple(sizes), ()]

    def numpy(contents: Any, *, desired_channels: int, desired_samples: int) -> Any:
        found, rate = _read(np.asarray(contents, np.object_).item())
        if desired_samples != -1:
            missing = max(desired_samples - len(found), 0)
            found = np.pad(found[:desired_samples], ((0, missing), (0, 0)))
        if desired_channels != -1:
            missing = desired_channels - found.shape[1]
            first = np.repeat(found[:, :1], max(missing, 0), 1)
            found = np.concatenate([found[:, :desired_channels], first], 1)
        return found, np.int32(rate)


decode_wav = function_of("DecodeWav", "decode_wav")
encode_wav = function_of("EncodeWav", "encode_wav")
