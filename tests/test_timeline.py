"""Traces of runs as Chrome shows them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import protos
from flowgraph.viz.timeline import Timeline

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"


def stats() -> Any:
    """Two steps at once, and one that uses both."""
    found = protos.StepStats()
    device = found.dev_stats.add(device="/device:CPU:0")
    for name, label, start, length in (
        ("sum", "sum = Add(a, b)", 8, 2),
        ("a", "a = Const()", 1, 4),
        ("b", "b = Const()", 3, 4),
    ):
        node = device.node_stats.add(node_name=name, timeline_label=label)
        node.all_start_micros, node.all_end_rel_micros = start, length
        node.memory.add(allocator_name="cpu", total_bytes=8)
    return found


def events(text: str, phase: str) -> list[Any]:
    return [event for event in json.loads(text)["traceEvents"] if event["ph"] == phase]


def test_steps_that_overlap_have_rows_of_their_own() -> None:
    text = Timeline(stats()).generate_chrome_trace_format()
    steps = {each["args"]["name"]: each for each in events(text, "X")}
    assert [(name, each["tid"], each["ts"], each["dur"]) for name, each in steps.items()] == [
        ("a", 0, 1, 4),
        ("b", 1, 3, 4),
        ("sum", 0, 8, 2),
    ]
    assert steps["sum"]["name"] == "Add"
    assert steps["sum"]["args"] == {"name": "sum", "op": "Add", "input0": "a", "input1": "b"}
    assert events(text, "M")[0]["args"] == {"name": "/device:CPU:0 Compute"}


def test_arrows_and_memory_are_optional() -> None:
    timeline = Timeline(stats())
    plain = timeline.generate_chrome_trace_format()
    starts, ends = events(plain, "s"), events(plain, "t")
    assert [(each["id"], each["ts"]) for each in starts] == [("a-sum", 5), ("b-sum", 7)]
    assert [(each["id"], each["ts"]) for each in ends] == [("a-sum", 8), ("b-sum", 8)]
    assert not events(plain, "C")
    other = timeline.generate_chrome_trace_format(show_dataflow=False, show_memory=True)
    assert not events(other, "s")
    assert [each["args"] for each in events(other, "C")] == [{"cpu": 8}] * 3
    with pytest.raises(ValueError, match="op_time"):
        timeline.generate_chrome_trace_format(op_time="gpu")


def test_a_traced_run_has_its_ops() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [2], name="x")
        metadata = tf.RunMetadata()
        session.run(
            tf.square(x, name="squared"),
            {x: np.ones(2)},
            options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE),
            run_metadata=metadata,
        )
        devices = session.list_devices()
    text = Timeline(metadata.step_stats).generate_chrome_trace_format()
    assert ("Square", "squared") in [
        (each["name"], each["args"]["name"]) for each in events(text, "X")
    ]
    assert [(each.name, each.device_type) for each in devices] == [(DEVICE, "CPU")]
    assert devices[0].memory_limit_bytes == 0
