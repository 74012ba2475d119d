"""Records what TensorFlow writes, checkpoints, messages and records, into data/bundles.

Run it in a virtual environment with tensorflow-cpu 2.21: ``python tests/bundle_record.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

HERE = Path(__file__).resolve().parent / "data" / "bundles"

NUMERIC = [
    *("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "complex64", "complex128", "bool"),
]
SHAPES = {"scalar": (), "vector": (5,), "empty": (2, 0, 3)}
MESSAGES = """
AttrValue BundleEntryProto BundleHeaderProto CheckpointState CollectionDef ConfigProto
CostGraphDef Event FunctionDefLibrary GraphDef MetaGraphDef NodeDef OpList QueueRunnerDef
RunMetadata RunOptions SavedModel SaverDef StepStats Summary SummaryDescription SummaryMetadata
TensorProto VariableDef WhileContextDef CondContextDef
"""
NOT_DECLARED = {"SavedObjectGraph", "GraphDebugInfo", "TypeSpecProto"}
MANY = 4000


def mixed_values() -> dict[str, np.ndarray[Any, Any]]:
    """Tensors of every dtype, by name."""
    rng = np.random.default_rng(7)
    values: dict[str, np.ndarray[Any, Any]] = {}
    for index, dtype in enumerate(NUMERIC):
        label = list(SHAPES)[index % len(SHAPES)]
        content = rng.integers(0, 256, 400, np.uint8)
        for suffix, shape in (("matrix", (2, 3)), (label, SHAPES[label])):
            count = int(np.prod(shape)) * np.dtype(dtype).itemsize
            raw = content[:count] & 1 if dtype == "bool" else content[:count]
            values[f"{dtype}/{suffix}"] = np.frombuffer(raw.tobytes(), dtype).reshape(shape)
    values["bfloat16/matrix"] = rng.standard_normal((4, 2)).astype(ml_dtypes.bfloat16)
    values["string/scalar"] = np.array(b"text", np.object_)
    texts = [[b"", b"\0\xff"], ["größe".encode(), b"x" * 300]]
    values["string/matrix"] = np.array(texts, np.object_)
    values["string/empty"] = np.zeros((0, 2), np.object_)
    return values


def partitioned_values() -> dict[str, dict[str, Any]]:
    """Per tensor its shape and its parts' offsets and shapes."""
    return {
        "part/rows": {"shape": [5, 3], "boxes": [[[0, 0], [2, 3]], [[2, 0], [3, 3]]]},
        "part/long": {
            "shape": [20000],
            "boxes": [[[0], [63]], [[63], [1]], [[64], [8936]], [[9000], [11000]]],
        },
        "part/tiles": {
            "shape": [2, 4],
            "boxes": [[[0, 0], [2, 1]], [[0, 1], [1, 3]], [[1, 1], [1, 3]]],
        },
        "part/single": {"shape": [4], "boxes": [[[0], [4]]]},
    }


def partitioned_value(shape: list[int]) -> np.ndarray[Any, Any]:
    return (np.arange(np.prod(shape)) * 7 % 251).astype(np.uint8).reshape(shape)


def many_values() -> dict[str, np.ndarray[Any, Any]]:
    """So many tensors that their index takes several blocks."""
    return {
        f"model/tower_{i % 7}/block_{i}/kernel_with_a_long_name/part": np.array([i, -i], np.int32)
        for i in range(MANY)
    }


def region(box: list[list[int]]) -> tuple[slice, ...]:
    return tuple(slice(start, start + size) for start, size in zip(*box, strict=True))


def as_json(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    if value.dtype == np.object_:
        content = [element.hex() for element in value.reshape(-1).tolist()]
        return {"dtype": "string", "shape": value.shape, "content": content}
    return {"dtype": value.dtype.name, "shape": value.shape, "content": value.tobytes().hex()}


def save(tf: Any, prefix: Path, entries: list[tuple[str, str, Any]]) -> None:
    names, specs, tensors = zip(*entries, strict=True)
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = [
            tf.placeholder(tf.string if value.dtype == np.object_ else value.dtype, value.shape)
            for value in tensors
        ]
        operation = tf.raw_ops.SaveV2(
            prefix=str(prefix), tensor_names=names, shape_and_slices=specs, tensors=inputs
        )
        session.run(operation, dict(zip(inputs, tensors, strict=True)))


def record_bundles(tf: Any) -> None:
    mixed = mixed_values()
    save(tf, HERE / "mixed", [(name, "", value) for name, value in mixed.items()])
    expected: dict[str, Any] = {"mixed": {name: as_json(value) for name, value in mixed.items()}}
    entries = []
    for name, spec in partitioned_values().items():
        whole = partitioned_value(spec["shape"])
        for starts, sizes in spec["boxes"]:
            extents = ":".join(f"{a},{b}" for a, b in zip(starts, sizes, strict=True))
            text = " ".join(map(str, spec["shape"])) + " " + extents
            entries.append((name, text, whole[region([starts, sizes])]))
    save(tf, HERE / "partitioned", entries)
    rows = partitioned_value([6, 2])
    save(tf, HERE / "whole", [("w", "6 2 0,4:-", rows[:4]), ("w", "6 2 4,2:-", rows[4:])])
    with tempfile.TemporaryDirectory() as folder:
        shards = [Path(folder) / name for name in ("first", "second")]
        save(tf, shards[0], [("a", "", np.arange(3.0)), ("w", "6 2 0,4:0,2", rows[:4])])
        save(tf, shards[1], [("b", "", np.arange(4)), ("w", "6 2 4,2:0,2", rows[4:])])
        with tf.Graph().as_default(), tf.Session() as session:
            session.run(
                tf.raw_ops.MergeV2Checkpoints(
                    checkpoint_prefixes=[str(shard) for shard in shards],
                    destination_prefix=str(HERE / "sharded"),
                    delete_old_dirs=False,
                )
            )
        save(tf, Path(folder) / "many", [(name, "", v) for name, v in many_values().items()])
        expected["many"] = {
            ending: hashlib.sha256((Path(folder) / f"many.{ending}").read_bytes()).hexdigest()
            for ending in ("index", "data-00000-of-00001")
        }
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


def fill(message: Any, depth: int, counter: list[int]) -> None:
    """Gives every field a value of its own, down to `depth` messages deep."""
    for field in message.DESCRIPTOR.fields:
        counter[0] += 1
        number = counter[0]
        kind = field.message_type
        repeated = field.is_repeated
        if kind is not None and (kind.name in NOT_DECLARED or depth == 0):
            continue
        if kind is not None and kind.GetOptions().map_entry:
            fill_map(getattr(message, field.name), kind, number, depth, counter)
        elif kind is not None:
            target = getattr(message, field.name)
            target = target.add() if repeated else target
            target.SetInParent()
            fill(target, depth - 1, counter)
        elif repeated:
            getattr(message, field.name).extend([scalar(field, number), scalar(field, number + 1)])
        else:
            setattr(message, field.name, scalar(field, number))


def fill_map(container: Any, entry: Any, number: int, depth: int, counter: list[int]) -> None:
    key, value = entry.fields
    if value.message_type is None:
        container[scalar(key, number)] = scalar(value, number)
    else:
        fill(container[scalar(key, number)], depth - 1, counter)


def scalar(field: Any, number: int) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    return {
        field.CPPTYPE_STRING: b"s%d" % number if field.type == field.TYPE_BYTES else f"s{number}",
        field.CPPTYPE_BOOL: True,
        field.CPPTYPE_DOUBLE: number + 0.5,
        field.CPPTYPE_FLOAT: number + 0.25,
    }.get(field.cpp_type, number)


def record_messages() -> None:
    from google.protobuf import message_factory, text_format
    from google.protobuf.descriptor_pool import Default
    from tensorflow.core.protobuf import (  # noqa: F401 - they add themselves to the pool
        control_flow_pb2,
        queue_runner_pb2,
        saved_model_pb2,
        tensor_bundle_pb2,
    )
    from tensorflow.python.training import checkpoint_state_pb2  # noqa: F401

    recorded = {}
    for name in MESSAGES.split():
        descriptor = Default().FindMessageTypeByName(f"tensorflow.{name}")
        message = message_factory.GetMessageClass(descriptor)()
        fill(message, 3 if name in ("RunMetadata", "ConfigProto") else 2, [0])
        recorded[name] = {
            "text": text_format.MessageToString(message, as_one_line=True),
            "bytes": message.SerializeToString(deterministic=True).hex(),
        }
    (HERE / "messages.json").write_text(json.dumps(recorded, indent=0) + "\n")


def record_records(tf: Any) -> None:
    contents = [b"", b"hello", bytes(range(256)) * 2]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "r")
        with tf.python_io.TFRecordWriter(path) as writer:
            for content in contents:
                writer.write(content)
        recorded = {"contents": [c.hex() for c in contents], "file": Path(path).read_bytes().hex()}
    (HERE / "records.json").write_text(json.dumps(recorded) + "\n")


def main() -> None:
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import tensorflow.compat.v1 as tf

    tf.disable_eager_execution()
    record_bundles(tf)
    record_messages()
    record_records(tf)


if __name__ == "__main__":
    main()
