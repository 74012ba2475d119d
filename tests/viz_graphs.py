"""Small graphs to draw, with the public face of a graph and nothing behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from flowgraph import dtypes
from flowgraph.shapes import TensorShape

Dims = Sequence[int | None] | None


@dataclass(eq=False)
class SketchTensor:
    op: SketchOp
    name: str
    dtype: dtypes.DType
    shape: TensorShape


@dataclass(eq=False)
class SketchOp:
    name: str
    type: str
    inputs: Sequence[SketchTensor] = ()
    control_inputs: Sequence[SketchOp] = ()
    device: str = ""
    attrs: Mapping[str, object] = field(default_factory=dict)
    outputs: list[SketchTensor] = field(default_factory=list)
    user_frame: object = None


class Sketch:
    """A graph whose ops are added one by one."""

    def __init__(self) -> None:
        self.ops: list[SketchOp] = []

    def get_operations(self) -> list[SketchOp]:
        return list(self.ops)

    def add(
        self,
        name: str,
        type: str,
        *inputs: SketchTensor,
        shape: Dims = (),
        dtype: dtypes.DType = dtypes.float32,
        outputs: int = 1,
        control: Sequence[SketchOp] = (),
        device: str = "",
        **attrs: object,
    ) -> SketchTensor:
        """Append an op; returns its first output, or a loose tensor of it if it has none."""
        op = SketchOp(name, type, inputs, control, device, attrs)
        self.ops.append(op)
        made = [
            SketchTensor(op, f"{name}:{at}", dtype, TensorShape(shape))
            for at in range(outputs or 1)
        ]
        op.outputs = made[:outputs]
        return made[0]

    def variable(self, name: str, shape: Dims) -> tuple[SketchTensor, SketchTensor]:
        """A variable with initial value, assignment and read; returns its handle and the read."""
        start = self.add(f"{name}/Initializer/zeros", "Const", shape=shape)
        handle = self.add(name, "VariableV2", shape=shape)
        self.add(f"{name}/Assign", "Assign", handle, start, shape=shape)
        return handle, self.add(f"{name}/read", "Identity", handle, shape=shape)


def training_sketch() -> Sketch:
    """A 784-784-10 network with gradients, momentum, an initializer, a saver and a summary."""
    graph = Sketch()
    x = graph.add("x", "Placeholder", shape=[None, 784])
    labels = graph.add("labels", "Placeholder", shape=[None, 10])
    handles, signal = [], x
    for scope, width in (("hidden", 784), ("output", 10)):
        handle, weights = graph.variable(f"{scope}/weights", [784, width])
        signal = graph.add(f"{scope}/MatMul", "MatMul", signal, weights, shape=[None, width])
        handles.append((f"{scope}/weights", handle, [784, width]))
    loss_each = graph.add(
        "loss/xent", "SoftmaxCrossEntropyWithLogits", signal, labels, shape=[None]
    )
    axes = graph.add("loss/Const", "Const", shape=[1], dtype=dtypes.int32)
    loss = graph.add("loss/Mean", "Mean", loss_each, axes)
    graph.add("loss_summary", "ScalarSummary", loss, dtype=dtypes.string)
    start = graph.add("train/gradients/Fill", "Fill", loss)
    rate = graph.add("train/Momentum/learning_rate", "Const")
    updates = []
    for name, handle, shape in handles:
        scope = name.partition("/")[0]
        slope = graph.add(
            f"train/gradients/{scope}/MatMul_grad/MatMul", "MatMul", start, shape=shape
        )
        slot, _ = graph.variable(f"{name}/Momentum", shape)
        update = f"train/Momentum/update_{name}/ApplyMomentum"
        updates.append(
            graph.add(update, "ApplyMomentum", handle, slot, rate, slope, shape=shape).op
        )
    graph.add("train/Momentum", "NoOp", outputs=0, control=updates)
    assigns = [op for op in graph.ops if op.type == "Assign"]
    graph.add("init", "NoOp", outputs=0, control=assigns)
    file_name = graph.add("save/Const", "Const", dtype=dtypes.string)
    saved = [handle for _, handle, _ in handles]
    graph.add("save/SaveV2", "SaveV2", file_name, *saved, outputs=0)
    return graph


def traced(micros: Mapping[str, int], total_bytes: int = 1024) -> SimpleNamespace:
    """A RunMetadata in which each op took the given time."""
    nodes = [
        SimpleNamespace(
            node_name=name,
            all_end_rel_micros=time,
            memory=[SimpleNamespace(total_bytes=total_bytes)],
        )
        for name, time in micros.items()
    ]
    device = SimpleNamespace(node_stats=nodes)
    return SimpleNamespace(step_stats=SimpleNamespace(dev_stats=[device]))
