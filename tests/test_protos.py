"""Messages have the bytes and the field names that TensorFlow gives them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pool, text_format

from flowgraph import protos

RECORDED: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "data" / "bundles" / "messages.json").read_text()
)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_text_gives_recorded_bytes(name: str) -> None:
    message = text_format.Parse(RECORDED[name]["text"], getattr(protos, name)())
    assert message.SerializeToString(deterministic=True).hex() == RECORDED[name]["bytes"]


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_recorded_bytes_give_text(name: str) -> None:
    message = getattr(protos, name).FromString(bytes.fromhex(RECORDED[name]["bytes"]))
    assert text_format.MessageToString(message, as_one_line=True) == RECORDED[name]["text"]


@pytest.mark.parametrize("name", protos.__all__)
def test_every_export_is_a_type_of_the_package(name: str) -> None:
    full_name = "error.Code" if name == "ErrorCode" else name
    assert getattr(protos, name).DESCRIPTOR.full_name == f"tensorflow.{full_name}"


def test_default_pool_stays_free() -> None:
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindFileByName("flowgraph/tensorflow.proto")


def test_oneof_holds_one_member() -> None:
    value = protos.AttrValue(i=3)
    value.s = b"x"
    assert (value.WhichOneof("value"), value.i) == ("s", 0)


def test_a_list_of_tensors_nested_in_an_attribute() -> None:
    node = protos.NodeDef(name="n", op="Const")
    node.attr["value"].list.tensor.add(dtype=protos.DataType.DT_FLOAT, float_val=[1.5])
    parsed = protos.NodeDef.FromString(node.SerializeToString())
    assert parsed.attr["value"].list.tensor[0].float_val[0] == 1.5
    assert copy.deepcopy(parsed) == node


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (protos.RunOptions.FULL_TRACE, 3),
        (protos.OptimizerOptions.L0, -1),
        (protos.OptimizerOptions.ON_1, 1),
        (protos.RewriterConfig.AGGRESSIVE, 3),
        (protos.SaverDef.V2, 2),
        (protos.SessionLog.CHECKPOINT, 3),
        (protos.DataType.DT_RESOURCE, 20),
        (protos.DataType.Value("DT_FLOAT_REF"), 101),
        (protos.ErrorCode.Value("DATA_LOSS"), 15),
    ],
)
def test_enum_values(value: Any, number: int) -> None:
    assert value == number


def test_any_in_a_collection() -> None:
    collection = protos.CollectionDef()
    collection.any_list.value.add().Pack(protos.SaverDef(max_to_keep=3))
    unpacked = protos.SaverDef()
    assert collection.any_list.value[0].Unpack(unpacked)
    assert unpacked.max_to_keep == 3


def test_unknown_fields_survive() -> None:
    with_object_graph = b"\x3a\x02\x0a\x00"
    message = protos.MetaGraphDef.FromString(with_object_graph)
    assert message.SerializeToString() == with_object_graph
