"""Pictures, tables and curves of graphs."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgraph import dtypes, viz
from flowgraph.shapes import TensorShape
from flowgraph.viz.curve import ticks
from flowgraph.viz.kinds import Kind, classify
from flowgraph.viz.scopes import MAX_CHILDREN, scope_tree
from flowgraph.viz.stats import node_costs
from viz_graphs import Sketch, traced, training_sketch

SVG = "{http://www.w3.org/2000/svg}"


def boxes(text: str) -> list[str]:
    """The node names of a drawing."""
    return [
        line.split('"')[1] for line in text.splitlines() if re.match(r'\s*"[^"]*" \[label', line)
    ]


def arrows(text: str) -> dict[tuple[str, str], str]:
    found = {}
    for source, target, rest in re.findall(r'^\s*"([^"]*)" -> "([^"]*)" (\[.*\]);$', text, re.M):
        found[source, target] = rest
    return found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x", Kind.INPUT),
        ("hidden/weights", Kind.VARIABLE),
        ("hidden/weights/read", Kind.VARIABLE),
        ("hidden/weights/Assign", Kind.AUXILIARY),
        ("hidden/weights/Initializer/zeros", Kind.AUXILIARY),
        ("hidden/weights/Momentum", Kind.OPTIMIZER),
        ("hidden/MatMul", Kind.FORWARD),
        ("loss/Const", Kind.CONSTANT),
        ("loss_summary", Kind.AUXILIARY),
        ("train/gradients/Fill", Kind.GRADIENT),
        ("train/gradients/hidden/MatMul_grad/MatMul", Kind.GRADIENT),
        ("train/Momentum/learning_rate", Kind.OPTIMIZER),
        ("train/Momentum", Kind.OPTIMIZER),
        ("train/Momentum/update_hidden/weights/ApplyMomentum", Kind.OPTIMIZER),
        ("init", Kind.AUXILIARY),
        ("save/SaveV2", Kind.AUXILIARY),
        ("save/Const", Kind.AUXILIARY),
    ],
)
def test_kind_of_each_part_of_a_training_graph(name: str, kind: Kind) -> None:
    assert classify(training_sketch().get_operations())[name] is kind


def test_what_feeds_only_initializers_is_auxiliary_and_what_feeds_more_is_not() -> None:
    graph = Sketch()
    mean = graph.add("random/mean", "Const")
    start = graph.add("random/add", "Add", mean)
    shared = graph.add("shared", "Const")
    handle = graph.add("w", "VariableV2")
    graph.add("w/Assign", "Assign", handle, graph.add("sum", "Add", start, shared))
    graph.add("y", "Neg", shared)
    kinds = classify(graph.get_operations())
    assert kinds["random/mean"] is kinds["random/add"] is kinds["sum"] is Kind.AUXILIARY
    assert kinds["shared"] is Kind.CONSTANT


def test_scopes_nest_and_a_variable_is_the_head_of_its_scope() -> None:
    tree = scope_tree(training_sketch().get_operations())
    by_path = {node.path: node for node in tree.root.walk()}
    weights = by_path["hidden/weights/"]
    assert weights.variable is not None and weights.variable.name == "hidden/weights"
    assert by_path["hidden/weights"].parent is weights
    assert by_path["hidden/weights"].label == "(weights)"
    assert by_path["train/gradients/"].kind is Kind.GRADIENT
    assert by_path["train/"].kind is Kind.OPTIMIZER
    assert by_path["hidden/"].kind is Kind.FORWARD
    joined = by_path["train/gradients/hidden/MatMul_grad/MatMul"]
    assert joined.label == "hidden/MatMul_grad/MatMul"
    assert joined.parent is by_path["train/gradients/"]


NAMES = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), unique=True, max_size=40
)


@given(names=NAMES, max_children=st.integers(2, 6))
def test_every_op_has_one_place_in_the_tree(names: list[str], max_children: int) -> None:
    graph = Sketch()
    for name in names:
        graph.add(name, "NoOp", outputs=0)
    tree = scope_tree(graph.get_operations(), max_children)
    nodes = list(tree.root.walk())
    assert sorted(node.op.name for node in nodes if node.op) == sorted(names)
    assert len({node.path for node in nodes}) == len(nodes)
    for node in nodes:
        assert len(node.children) <= max_children
        assert all(child.parent is node for child in node.children)
        assert node.op or node.count == sum(child.count for child in node.children)


def test_ten_thousand_flat_ops_are_grouped_in_order() -> None:
    graph = Sketch()
    signal = graph.add("x", "Placeholder")
    for index in range(10_000):
        signal = graph.add(f"Tanh_{index}", "Tanh", signal)
    tree = scope_tree(graph.get_operations())
    assert len(tree.root.children) <= MAX_CHILDREN
    assert sum(child.count for child in tree.root.children) == 10_001
    group_of = {
        leaf.path: child for child in tree.root.children for leaf in child.walk() if leaf.op
    }
    edges = tree.edges(lambda leaf: group_of[leaf.path])
    assert len(edges) == len(tree.root.children) - 1
    assert all(edge.source.first < edge.target.first for edge in edges)


def test_dot_folds_at_the_given_depth() -> None:
    text = viz.to_dot(training_sketch(), depth=0)
    assert set(boxes(text)) == {
        *("x", "labels", "hidden/", "output/", "loss/", "train/"),
        *("loss_summary", "init", "save/"),
    }
    assert "cluster_hidden" not in text
    deeper = boxes(viz.to_dot(training_sketch(), depth=1))
    assert {"hidden/MatMul", "hidden/weights/", "train/gradients/", "train/Momentum/"} < set(deeper)
    assert 'subgraph "cluster_hidden/"' in viz.to_dot(training_sketch(), depth=1)


def test_dot_labels_edges_and_leaves_auxiliary_parts_without_any() -> None:
    found = arrows(viz.to_dot(training_sketch()))
    assert "float32 784×784" in found["hidden/weights/", "hidden/MatMul"]
    assert "float32 ?×10" in found["output/MatMul", "loss/xent"]
    assert not any("save" in source + target for source, target in found)
    small = re.search(r"penwidth=([\d.]+)", found["loss/xent", "loss/Mean"])
    large = re.search(r"penwidth=([\d.]+)", found["hidden/weights/", "hidden/MatMul"])
    assert small and large and float(small[1]) < float(large[1])


def test_dot_keeps_to_the_number_of_boxes_and_draws_gradients_as_one() -> None:
    for limit in (10, 20, 60):
        assert len(boxes(viz.to_dot(training_sketch(), max_ops=limit))) <= limit
    found = boxes(viz.to_dot(training_sketch()))
    assert "train/gradients/" in found and "train/Momentum/" in found


def test_dot_of_tensors_draws_only_what_they_need() -> None:
    graph = training_sketch()
    logits = next(op for op in graph.ops if op.name == "hidden/MatMul").outputs[0]
    assert set(boxes(viz.to_dot(logits))) == {"x", "hidden/MatMul", "hidden/weights/"}
    assert viz.to_dot([logits, logits.op]) == viz.to_dot(logits)


def test_dot_control_dependencies_devices_and_odd_names() -> None:
    graph = Sketch()
    first = graph.add('say "hi"\\now', "NoOp", outputs=0, device="/device:CPU:0").op
    graph.add("second", "NoOp", outputs=0, control=[first], device="/device:GPU:0")
    text = viz.to_dot(graph, color="device")
    assert r'"say \"hi\"\\now"' in text and "style=dotted" in text
    assert len(set(re.findall(r'label="[^,]*, fillcolor="([^"]*)"', text))) == 2


def test_dot_shows_times() -> None:
    run = traced({"hidden/MatMul": 500, "output/MatMul": 20})
    text = viz.to_dot(training_sketch(), color="time", run_metadata=run, depth=1)
    assert r"MatMul\n500 µs" in text and r"MatMul\n20 µs" in text
    assert node_costs(run)["hidden/MatMul"].bytes == 1024


def test_dot_refuses_bad_arguments() -> None:
    graph = training_sketch()
    with pytest.raises(ValueError, match="'kind', 'device' or 'time'"):
        viz.to_dot(graph, color="mood")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="run_metadata"):
        viz.to_dot(graph, color="time")
    with pytest.raises(ValueError, match="negative"):
        viz.to_dot(graph, depth=-1)


def test_render_hands_the_text_to_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "sys.stdout.write(' '.join(sys.argv[1:]) + '\\n' + sys.stdin.read())\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    graph = training_sketch()
    target = viz.render(graph, tmp_path / "graph.svg", depth=0)
    options, _, text = target.read_text(encoding="utf-8").partition("\n")
    assert "-Tsvg" in options and boxes(text) == boxes(viz.to_dot(graph, depth=0))
    with pytest.raises(ValueError, match="no suffix"):
        viz.render(graph, tmp_path / "graph")


def test_render_without_dot_names_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="to_html"):
        viz.render(training_sketch(), tmp_path / "graph.svg")
    assert not (tmp_path / "graph.svg").exists()


if shutil.which("dot"):

    @pytest.mark.parametrize("depth", [None, 0, 1, 9])
    def test_graphviz_draws_every_box_and_arrow(depth: int | None) -> None:
        text = viz.to_dot(training_sketch(), depth=depth)
        drawn = subprocess.run(
            ["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True
        )
        assert drawn.stderr == b""
        root = ET.fromstring(drawn.stdout)
        classes = [group.get("class") for group in root.iter(f"{SVG}g")]
        assert classes.count("node") == len(boxes(text))
        assert classes.count("edge") >= len(arrows(text))


def test_networkx_has_ops_tensors_and_control_edges() -> None:
    graph = training_sketch()
    result = viz.to_networkx(graph)
    assert list(result) == [op.name for op in graph.ops]
    assert result.nodes["x"]["type"] == "Placeholder"
    assert result.nodes["x"]["outputs"] == [("float32", [None, 784])]
    assert result.nodes["train/gradients/Fill"]["kind"] == "gradient"
    (edge,) = result.get_edge_data("hidden/weights/read", "hidden/MatMul").values()
    assert edge == {
        "tensor": "hidden/weights/read:0",
        "dtype": "float32",
        "shape": [784, 784],
        "input": 1,
        "control": False,
    }
    controls = [(u, v) for u, v, data in result.edges(data=True) if data["control"]]
    assert ("hidden/weights/Assign", "init") in controls and len(controls) == 6


def test_networkx_keeps_parallel_edges() -> None:
    graph = Sketch()
    x = graph.add("x", "Placeholder", shape=None)
    graph.add("square", "Mul", x, x)
    assert [data["input"] for _, _, data in viz.to_networkx(graph).edges(data=True)] == [0, 1]


def variable(name: str, shape: object, dtype: dtypes.DType, trainable: bool) -> SimpleNamespace:
    return SimpleNamespace(
        op=SimpleNamespace(name=name), shape=TensorShape(shape), dtype=dtype, trainable=trainable
    )


def test_summary_counts_parameters() -> None:
    text = viz.summary(
        [
            variable("hidden/weights", [784, 784], dtypes.float32, True),
            variable("hidden/biases", [784], dtypes.float32, True),
            variable("global_step", [], dtypes.int64, False),
            variable("table", [None, 3], dtypes.float32, False),
        ]
    )
    lines = text.splitlines()
    assert lines[0].split() == ["Variable", "Shape", "Dtype", "Parameters", "Trainable"]
    assert lines[2].split() == ["hidden/weights", "784×784", "float32", "614,656", "yes"]
    assert lines[4].split() == ["global_step", "scalar", "int64", "1", "no"]
    assert lines[5].split() == ["table", "?×3", "float32", "?", "no"]
    assert "Parameters: 615,441 (2.35 MiB)" in text
    assert "trainable:     615,440" in text and "not trainable: 1" in text


def test_summary_of_nothing() -> None:
    assert "Parameters: 0 (0 B)" in viz.summary([])


def test_curve_is_a_picture_of_its_own(tmp_path: Path) -> None:
    series = {"train <1>": [2.0, 1.0, math.nan, 0.5, 0.25], "test": [2.0]}
    path = viz.curve(series, tmp_path / "loss.svg", "Loss & accuracy")
    root = ET.parse(path).getroot()
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"Loss & accuracy", "train <1>", "test", "step"} < set(texts)
    first = next(e for e in root.iter(f"{SVG}path") if e.get("class") == "curve")
    assert (first.get("d") or "").count("M") == 2, "a value that is no number leaves a gap"
    places = [float(y) for y in re.findall(r" ([\d.]+)", first.get("d") or "")]
    assert places == sorted(places), "a falling loss goes down"


def test_curve_keeps_the_peaks_of_long_series(tmp_path: Path) -> None:
    values = [0.0] * 100_000
    values[54_321] = 7.0
    path = viz.curve({"loss": values}, tmp_path / "long.svg")
    root = ET.parse(path).getroot()
    line = next(e for e in root.iter(f"{SVG}path") if e.get("class") == "curve").get("d") or ""
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", line)]
    assert len(heights) < 2000 and min(heights) < max(heights)


def test_curve_needs_a_value(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="finite"):
        viz.curve({"loss": [math.nan]}, tmp_path / "loss.svg")


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_span_their_interval(low: float, width: float) -> None:
    found = ticks(low, low + width)
    assert found == sorted(set(found)) and 2 <= len(found) <= 14
    slack = 1e-6 * width + 1e-9 * abs(low)
    assert found[0] <= low + slack and found[-1] >= low + width - slack
