"""Graphs with TensorFlow 1's control flow compute here what they compute there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.formats.raise_loops import raise_control_flow
from flowgraph.protos import GraphDef, MetaGraphDef
from support import archive
from support.oracle import FOLDER

RECORDED = archive.load(FOLDER / "v1_graphs.npz")["cases"]
DIFFERENTIATED = [name for name, case in RECORDED.items() if case["y"] is not None]


def message_of(name: str) -> Any:
    return GraphDef.FromString(RECORDED[name]["graph"])


def import_case(name: str, scope: str) -> dict[str, Any]:
    tf.import_graph_def(message_of(name), name=scope)
    case: dict[str, Any] = RECORDED[name]
    return case


def placed(name: str, scope: str) -> str:
    return f"{scope}/{name}" if scope else name


def agree(found: Any, recorded: Any) -> None:
    assert found.dtype == recorded.dtype
    np.testing.assert_allclose(found, recorded, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("scope", ["", "again"])
@pytest.mark.parametrize("name", sorted(RECORDED))
def test_values_are_tensorflows(name: str, scope: str) -> None:
    with tf.Graph().as_default():
        case = import_case(name, scope)
        fetches = [placed(each, scope) for each in case["fetches"]]
        for result in case["results"]:
            feed = {placed(key, scope): value for key, value in result["feed"].items()}
            with tf.Session() as session:
                session.run(placed(case["init"], scope))
                for values in result["values"]:
                    for found, recorded in zip(session.run(fetches, feed), values, strict=True):
                        agree(found, recorded)


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradients_are_tensorflows(name: str) -> None:
    with tf.Graph().as_default() as graph:
        case = import_case(name, "")
        y, *xs = [graph.get_tensor_by_name(each) for each in (case["y"], *case["xs"])]
        gradients = tf.gradients(y, xs)
        for result in case["results"]:
            with tf.Session() as session:
                session.run(case["init"])
                for _ in result["values"]:
                    found = session.run(gradients, result["feed"])
                for each, recorded in zip(found, result["gradients"], strict=True):
                    agree(each, recorded)
