"""A graph as Graphviz text and, where the `dot` program is installed, as an SVG or PNG picture."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from flowgraph.viz.bodies import with_bodies
from flowgraph.viz.interface import (
    GraphLike,
    OperationLike,
    TensorLike,
    ancestors,
    dimensions,
    element_count,
    held_value,
    shape_text,
    value_dtype,
)
from flowgraph.viz.kinds import Kind
from flowgraph.viz.scopes import Edge, Node, ScopeTree, scope_tree
from flowgraph.viz.stats import Cost, RunMetadataLike, cost_under, node_costs, scale

Drawable = GraphLike | TensorLike | OperationLike | Sequence[TensorLike | OperationLike]
Colouring = Literal["kind", "device", "time"]

MAX_OPS = 80
"""How many boxes a picture holds unless told otherwise: about what a page shows legibly."""

_FILL = {
    Kind.FORWARD: ("#e8eef9", "#4a6fb5"),
    Kind.INPUT: ("#fff3d6", "#b7832f"),
    Kind.VARIABLE: ("#dff3ea", "#2f8f6b"),
    Kind.CONSTANT: ("#f3f4f6", "#8a93a3"),
    Kind.GRADIENT: ("#fde6df", "#c9593c"),
    Kind.OPTIMIZER: ("#efe5fb", "#7c52b8"),
    Kind.AUXILIARY: ("#f7f7f8", "#a0a6b0"),
}
_DEVICE_FILLS = ("#e8eef9", "#fde6df", "#dff3ea", "#efe5fb", "#fff3d6", "#e0f2f7", "#f9e3ef")
_DEVICE_LINE = "#5d6675"
_ASIDE = frozenset({Kind.AUXILIARY})
_TRAINING = frozenset({Kind.GRADIENT, Kind.OPTIMIZER})
_LINE = "#7a8494"
_COLUMN = 8
_FONT = "Helvetica,Arial,sans-serif"


def to_dot(
    graph_or_tensors: Drawable,
    *,
    depth: int | None = None,
    max_ops: int = MAX_OPS,
    color: Colouring = "kind",
    run_metadata: RunMetadataLike | None = None,
) -> str:
    """The graph in the Graphviz language.

    Name scopes are clusters; a scope more than `depth` levels deep is folded into one box, and so
    is a variable with its initializer and read. Without `depth`, the deepest folding with at most
    `max_ops` boxes is taken, gradients and optimizers being one box each. Edges carry dtypes and
    shapes and are thicker for larger tensors; control dependencies are dotted. Initializers, savers
    and summaries stand aside, without edges.

    Args:
        graph_or_tensors: a graph, or tensors and ops, of which only what they need is drawn.
        depth: number of scope levels to open; 0 folds every top-level scope.
        max_ops: largest number of boxes when `depth` is not given.
        color: "kind" for the role of each op, "device", or "time" for its share of `run_metadata`.
        run_metadata: a `RunMetadata` from a run with tracing; its times are shown in the boxes.

    Raises:
        ValueError: `color` is unknown, or "time" without `run_metadata`, or a negative `depth`.
    """
    if color not in ("kind", "device", "time"):
        raise ValueError(f"color must be 'kind', 'device' or 'time', not {color!r}")
    if color == "time" and run_metadata is None:
        raise ValueError("color='time' needs run_metadata from a traced run")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must not be negative, got {depth}")
    tree = scope_tree(operations(graph_or_tensors))
    return _Writer(tree, _folding(tree, depth, max_ops), color, node_costs(run_metadata)).text()


def render(
    graph: Drawable, path: str | os.PathLike[str], format: str | None = None, **options: Any
) -> Path:
    """Draw the graph into a file with Graphviz; `options` are those of `to_dot`.

    `format` is any that Graphviz writes ("svg", "png", "pdf"); by default it is told by the suffix.

    Raises:
        RuntimeError: the `dot` program is not installed.
        ValueError: there is neither a format nor a suffix.
    """
    import graphviz

    target = Path(path)
    chosen = format or target.suffix.lstrip(".")
    if not chosen:
        raise ValueError(f"no format given, and {str(target)!r} has no suffix to tell it")
    text = to_dot(graph, **options)
    try:
        picture = graphviz.Source(text, engine="dot").pipe(format=chosen)
    except graphviz.ExecutableNotFound as error:
        raise RuntimeError(
            "the Graphviz program 'dot' is not on PATH, so no picture can be drawn; "
            "flowgraph.viz.to_html(graph, path) writes an interactive page without it"
        ) from error
    target.write_bytes(picture)
    return target


def operations(graph_or_tensors: Drawable) -> Sequence[OperationLike]:
    """The ops to draw: all of a graph, or what the given tensors and ops need."""
    if hasattr(graph_or_tensors, "get_operations"):
        return with_bodies(graph_or_tensors.get_operations())
    if isinstance(graph_or_tensors, Sequence):
        return with_bodies(ancestors(graph_or_tensors))
    return with_bodies(ancestors([graph_or_tensors]))


def quoted(text: str) -> str:
    """A Graphviz string; a newline in it starts a new, centred line.

    >>> print(quoted('a "b"'))
    "a \\"b\\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _drawn(node: Node, depth: int, whole: frozenset[Kind]) -> Node:
    """The outermost folded scope around a node, or the node itself."""
    chain = []
    current: Node | None = node
    while current is not None and current.parent is not None:
        chain.append(current)
        current = current.parent
    for level, candidate in enumerate(reversed(chain)):
        if level >= depth or candidate.variable is not None or _is_whole(candidate, whole):
            return candidate
    return node


def _is_whole(scope: Node, whole: frozenset[Kind]) -> bool:
    """Whether a scope is all of one kind that is drawn as one box."""
    if scope.kind not in whole:
        return False
    return all(child.kind in (scope.kind, Kind.CONSTANT) for child in scope.children)


def _folding(tree: ScopeTree, depth: int | None, max_ops: int) -> Callable[[Node], Node]:
    if depth is not None:
        return partial(_drawn, depth=depth, whole=_ASIDE)
    deepest = max((leaf.depth for leaf in tree.leaves.values()), default=0)
    fitting = partial(_drawn, depth=0, whole=_ASIDE | _TRAINING)
    for trial in range(1, deepest + 1):
        deeper = partial(_drawn, depth=trial, whole=_ASIDE | _TRAINING)
        if len({deeper(leaf).path for leaf in tree.leaves.values()}) > max_ops:
            break
        fitting = deeper
    return fitting


class _Writer:
    """Writes one drawing, scope by scope."""

    def __init__(
        self,
        tree: ScopeTree,
        drawn: Callable[[Node], Node],
        color: Colouring,
        costs: Mapping[str, Cost],
    ) -> None:
        self._tree = tree
        self._drawn = drawn
        self._drawn_ids = {id(drawn(leaf)) for leaf in tree.leaves.values()}
        self._color = color
        self._costs = costs
        self._slowest = max(
            (self._cost(node).micros for node in tree.root.walk() if id(node) in self._drawn_ids),
            default=0.0,
        )
        self._devices = sorted({leaf.op.device for leaf in tree.leaves.values() if leaf.op})

    def text(self) -> str:
        aside: list[Node] = []
        body = self._scope_lines(self._tree.root, aside, "  ")
        lines = [
            "digraph flowgraph {",
            "  rankdir=TB; compound=true; nodesep=0.28; ranksep=0.45; bgcolor=white;",
            f'  graph [fontname="{_FONT}", fontsize=11, fontcolor="#3c4453"];',
            f'  node [fontname="{_FONT}", fontsize=10, shape=box, style="filled,rounded", '
            'fontcolor="#1f2530", margin="0.12,0.06", height=0.3];',
            f'  edge [fontname="{_FONT}", fontsize=8, color="{_LINE}", fontcolor="#5d6675", '
            "arrowsize=0.6];",
            *body,
        ]
        if aside:
            lines.extend(self._aside_lines(aside))
        lines.extend("  " + self._arrow(edge) for edge in self._tree.edges(self._drawn))
        return "\n".join([line for line in lines if line.strip()] + ["}", ""])

    def _scope_lines(self, scope: Node, aside: list[Node], indent: str) -> list[str]:
        lines = []
        for child in scope.children:
            if id(child) in self._drawn_ids:
                if child.kind is Kind.AUXILIARY:
                    aside.append(child)
                else:
                    lines.append(indent + self._box(child))
                continue
            inside = self._scope_lines(child, aside, indent + "  ")
            if inside:
                lines.append(f"{indent}subgraph {quoted('cluster_' + child.path)} {{")
                _, line = _FILL[child.kind]
                lines.append(
                    f'{indent}  label={quoted(child.label)}; style="filled,rounded"; '
                    f'fillcolor="#00000008"; color="{line}66"; labeljust=l;'
                )
                lines.extend([*inside, indent + "}"])
        return lines

    def _aside_lines(self, aside: Sequence[Node]) -> list[str]:
        """A frame of columns; unseen edges keep the boxes of a column below each other."""
        lines = ['  subgraph "cluster auxiliary" {']
        lines.append('    label="auxiliary"; style="dashed,rounded"; color="#c3c8d0";')
        lines.extend("    " + self._box(node) for node in aside)
        for start in range(0, len(aside), _COLUMN):
            column = [quoted(node.path) for node in aside[start : start + _COLUMN]]
            if len(column) > 1:
                lines.append(f"    {' -> '.join(column)} [style=invis];")
        return [*lines, "  }"]

    def _box(self, node: Node) -> str:
        fill, line = self._colours(node)
        is_single = node.op is not None or node.variable is not None
        style = "filled,rounded" if is_single else "filled,rounded,bold"
        return (
            f"{quoted(node.path)} [label={quoted(self._label(node))}, "
            f'fillcolor="{fill}", color="{line}", style="{style}"];'
        )

    def _label(self, node: Node) -> str:
        lines = [node.label]
        if node.kind is Kind.AUXILIARY:
            lines = [node.path.rstrip("/").partition("#")[0] or node.label]
        op = node.op if node.op is not None else node.variable
        if op is None:
            lines.append(f"{node.count} ops")
        elif op.type != node.label:
            lines.append(op.type)
        holds_value = node.kind in (Kind.VARIABLE, Kind.INPUT) or node.variable is not None
        if op is not None and op.outputs and holds_value:
            dims, dtype = held_value(op)
            lines.append(f"{dtype} {shape_text(dims)}")
        micros = self._cost(node).micros
        if micros:
            lines.append(f"{micros:,.4g} µs")
        return "\n".join(lines)

    def _colours(self, node: Node) -> tuple[str, str]:
        if self._color == "time":
            share = math.sqrt(scale(self._cost(node).micros, self._slowest))
            return f"{0.09 - 0.06 * share:.3f} {0.02 + 0.68 * share:.3f} 1.0", _DEVICE_LINE
        if self._color == "device":
            devices = {leaf.op.device for leaf in node.walk() if leaf.op is not None}
            if len(devices) > 1:
                return "#ffffff", _DEVICE_LINE
            position = self._devices.index(devices.pop())
            return _DEVICE_FILLS[position % len(_DEVICE_FILLS)], _DEVICE_LINE
        return _FILL[node.kind]

    def _cost(self, node: Node) -> Cost:
        return cost_under((leaf.op.name for leaf in node.walk() if leaf.op), self._costs)

    def _arrow(self, edge: Edge) -> str:
        if Kind.AUXILIARY in (edge.source.kind, edge.target.kind):
            return ""
        ends = f"{quoted(edge.source.path)} -> {quoted(edge.target.path)}"
        colour = _LINE
        for kind in (Kind.GRADIENT, Kind.OPTIMIZER):
            if kind in (edge.source.kind, edge.target.kind):
                colour = _FILL[kind][1] + "b0"
        if not edge.tensors:
            return f'{ends} [style=dotted, arrowhead=empty, color="{colour}"];'
        largest = max(element_count(dimensions(tensor)) for tensor in edge.tensors)
        width = min(4.0, 0.7 + 0.22 * math.log10(max(1, largest)) ** 1.3)
        texts = dict.fromkeys(_tensor_text(tensor) for tensor in edge.tensors)
        label = "\n".join(texts) if len(texts) <= 2 else f"{len(edge.tensors)} tensors"
        return f'{ends} [label={quoted(label)}, penwidth={width:.2f}, color="{colour}"];'


def _tensor_text(tensor: TensorLike) -> str:
    dtype = value_dtype(tensor)
    return dtype if dtype == "resource" else f"{dtype} {shape_text(dimensions(tensor))}"
