"""Strings of bytes as numbers, and tensors as strings."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowgraph import dtypes, errors, protos
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph import hooks
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.texts import invalid, mapped, texts

__all__ = [
    "decode_compressed",
    "decode_json_example",
    "decode_raw",
    "parse_tensor",
    "serialize_tensor",
]

_DECODABLE = (
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.uint16,
    dtypes.uint8,
    dtypes.int16,
    dtypes.int8,
    dtypes.int64,
    dtypes.complex64,
    dtypes.complex128,
    dtypes.bool,
)


@op(
    "DecodeRaw",
    "bytes: string -> output: out_type",
    out_type=types(_DECODABLE),
    little_endian=True,
)
class DecodeRaw:
    """The bytes of each string as a vector of numbers; all strings must have one length."""

    grad = None
    samples = (
        case(texts(b"\x01\x02\x03\x04", b"\xff\xfe\xfd\xfc"), out_type=dtypes.uint8),
        case(texts(b"\x01\x02\x03\x04"), out_type=dtypes.int16),
        case(texts(b"\x01\x02\x03\x04"), out_type=dtypes.int16, little_endian=False),
        case(texts(b"\x00\x00\x80\x3f").reshape(()), out_type=dtypes.float32),
        case(texts(b"\x00\x01"), out_type=dtypes.bool),
        case(texts(b""), out_type=dtypes.int64),
        case(texts().reshape(0, 2), out_type=dtypes.int64),
        case(texts(b"abc"), out_type=dtypes.int16, raises="length 3 that is not a multiple of 2"),
        case(texts(b"ab", b"a"), out_type=dtypes.int8, raises="all be the same size"),
    )

    def shape(content: Operand) -> Dims:
        return None if content.dims is None else (*content.dims, None)

    def numpy(content: Any, *, out_type: DType, little_endian: bool) -> Any:
        strings = np.asarray(content, np.object_)
        values = strings.reshape(-1).tolist()
        length = len(values[0]) if values else 0
        for index, value in enumerate(values):
            if len(value) != length:
                raise invalid(
                    "DecodeRaw requires input strings to all be the same size, but element "
                    f"{index} has size {length} != {len(value)}"
                )
        kind = out_type.np if little_endian else out_type.np.newbyteorder(">")
        if length % kind.itemsize:
            raise invalid(
                f"Input to DecodeRaw has length {length} that is not a multiple of "
                f"{kind.itemsize}, the size of {out_type.name}"
            )
        numbers = np.frombuffer(b"".join(values), kind).astype(out_type.np)
        return numbers.reshape(*strings.shape, length // kind.itemsize)


def decode_raw(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,
) -> Tensor:
    """The bytes of each string as a vector of numbers.

    Args:
        input_bytes: strings, all of one length.
        out_type: the type of the numbers.
        little_endian: the order of their bytes.
        bytes: older name of `input_bytes`.

    Returns:
        Numbers of shape ``input.shape + [n]``.

    Raises:
        InvalidArgumentError: when run, if the lengths differ or are no multiples of the type's.
    """
    strings = input_bytes if bytes is None else bytes
    if strings is None or out_type is None:
        raise ValueError("decode_raw needs input_bytes and out_type.")
    made: Tensor = apply(
        "DecodeRaw", strings, out_type=out_type, little_endian=little_endian, name=name
    )
    return made


@op("SerializeTensor", "tensor: T -> serialized: string", T=attr("type"))
class SerializeTensor:
    """A tensor as a serialized TensorProto."""

    grad = None
    samples = (
        case(np.array([[1.5, -2.0]], np.float32)),
        case(np.int64(3)),
        case(texts(b"a", b"bc")),
        case(np.zeros((0, 2), np.int32)),
    )

    def shape(tensor: Operand) -> Dims:
        return ()

    def numpy(tensor: Any) -> Any:
        array = np.asarray(tensor)
        dtype = dtypes.as_dtype(array.dtype) if array.dtype.kind != "O" else dtypes.string
        message = protos.TensorProto(dtype=dtype.as_datatype_enum)
        message.tensor_shape.SetInParent()
        for size in array.shape:
            message.tensor_shape.dim.add().size = size
        if dtype is dtypes.string:
            message.string_val.extend(array.reshape(-1).tolist())
        else:
            message.tensor_content = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return np.array(message.SerializeToString(), np.object_)


@op("ParseTensor", "serialized: string -> output: out_type", out_type=attr("type"))
class ParseTensor:
    """The tensor that a serialized TensorProto holds."""

    grad = None

    def samples() -> Any:
        def message(**fields: Any) -> Any:
            content = protos.TensorProto(**fields).SerializeToString()
            return np.array(content, np.object_)

        numbers = {
            "dtype": 1,
            "tensor_shape": protos.TensorShapeProto(dim=[{"size": 2}]),
            "float_val": [1.5, 2.5],
        }
        return (
            case(message(**numbers), out_type=dtypes.float32),
            case(message(dtype=7, tensor_shape={}, string_val=[b"x"]), out_type=dtypes.string),
            case(message(**numbers), out_type=dtypes.int32, raises="Type mismatch"),
            case(np.array(b"\xff", np.object_), out_type=dtypes.int32, raises="[Cc]ould not parse"),
        )

    def shape(serialized: Operand) -> Dims:
        if serialized.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(serialized.dims)}")
        return None

    def numpy(serialized: Any, *, out_type: DType) -> Any:
        content = np.asarray(serialized, np.object_).item()
        try:
            message = protos.TensorProto.FromString(content)
        except DecodeError:
            raise invalid("Could not parse `serialized` as TensorProto") from None
        found = dtypes.as_dtype(message.dtype)
        if found is not out_type:
            raise invalid(
                f"Type mismatch between parsed tensor ({found.name}) and dtype ({out_type.name})"
            )
        return np.array(hooks.tensor_value(message))


def serialize_tensor(tensor: Any, name: str | None = None) -> Tensor:
    """A tensor as a string, a serialized TensorProto."""
    made: Tensor = apply("SerializeTensor", tensor, name=name)
    return made


def parse_tensor(serialized: Any, out_type: Any, name: str | None = None) -> Tensor:
    """The tensor of type `out_type` that a string holds; see `serialize_tensor`."""
    made: Tensor = apply("ParseTensor", serialized, out_type=out_type, name=name)
    return made


@op("DecodeJSONExample", "json_examples: string -> binary_examples: string")
class DecodeJSONExample:
    """Examples written in JSON, as serialized Example messages."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(texts(b'{"features": {"feature": {"a": {"bytesList": {"value": ["YQ=="]}}}}}', b"{}")),
        case(texts(b"{").reshape(()), raises="[Ee]rror while parsing JSON"),
    )

    def numpy(content: Any) -> Any:
        # Programs that read JSON are rare, and the module is large.
        from google.protobuf.json_format import Parse, ParseError

        strings = np.asarray(content, np.object_)
        result = []
        for text in strings.reshape(-1).tolist():
            try:
                result.append(Parse(text, protos.Example()).SerializeToString())
            except ParseError as error:
                raise invalid(f"Error while parsing JSON: {error}") from None
        return texts(*result).reshape(strings.shape)


def decode_json_example(json_examples: Any, name: str | None = None) -> Tensor:
    """Examples written in JSON, as serialized Example messages of the same shape."""
    made: Tensor = apply("DecodeJSONExample", json_examples, name=name)
    return made


@op("DecodeCompressed", "bytes: string -> output: string", compression_type="")
class DecodeCompressed:
    """Strings that zlib or gzip has compressed, as they were before."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(texts(zlib.compress(b"abc" * 9), zlib.compress(b"")), compression_type="ZLIB"),
        case(texts(gzip.compress(b"abc" * 9, mtime=0)).reshape(()), compression_type="GZIP"),
        case(texts(b"abc", b"")),
        case(texts(b"abc"), compression_type="BZIP", raises="compression|BZIP"),
    )

    def numpy(content: Any, *, compression_type: str) -> Any:
        if compression_type not in _DECOMPRESSORS:
            raise invalid(
                f"Only ZLIB, GZIP or NONE are supported as compression type, not {compression_type}"
            )
        try:
            return mapped(_DECOMPRESSORS[compression_type], content)
        except (zlib.error, gzip.BadGzipFile, EOFError) as error:
            raise errors.DataLossError(None, None, f"Corrupted compressed data: {error}") from None


_DECOMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "ZLIB": zlib.decompress,
    "GZIP": gzip.decompress,
}


def decode_compressed(bytes: Any, compression_type: str = "", name: str | None = None) -> Tensor:
    """Strings as they were before zlib or gzip has compressed them.

    Args:
        bytes: the compressed strings.
        compression_type: "ZLIB", "GZIP", or "" for strings that are not compressed.
    """
    made: Tensor = apply("DecodeCompressed", bytes, compression_type=compression_type, name=name)
    return made
