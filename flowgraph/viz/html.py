"""A graph as one self-contained HTML page: no network, no server, no other program needed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

from flowgraph.viz.dot import Drawable, operations
from flowgraph.viz.interface import OperationLike, TensorLike, dimensions, held_value, value_dtype
from flowgraph.viz.kinds import VARIABLE_TYPES, Kind
from flowgraph.viz.scopes import Node, ScopeTree, scope_tree
from flowgraph.viz.stats import Cost, RunMetadataLike, node_costs

_SCRIPTS = ("model.js", "layers.js", "compound.js", "draw.js", "panel.js", "paint.js", "viewer.js")
_LONGEST_VALUE = 240
_HIDDEN_ATTRIBUTES = frozenset({"_output_shapes"})


def to_html(
    graph: Drawable,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "Graph",
    run_metadata: RunMetadataLike | None = None,
    plan: Mapping[str, str] | None = None,
) -> str:
    """The graph as an interactive page, written to `path` if given; returns the page's text.

    Scopes are folded at first; a click opens or closes one. The page's address can say what is
    shown: `#expand=layer1,layer2&select=layer1/MatMul&color=time&theme=dark`.

    Args:
        graph: a graph, or tensors and ops, of which only what they need is shown.
        path: the file to write, UTF-8.
        title: the heading.
        run_metadata: a `RunMetadata` from a traced run, for the time and memory of each op.
        plan: for each op's name, the step of the compiled plan that computes it, in words.
    """
    data = page_data(operations(graph), title=title, run_metadata=run_metadata, plan=plan)
    page = Template(_asset("page.html")).substitute(
        title=escape(title),
        style=_asset("viewer.css"),
        data=script_json(data),
        script="\n".join(_asset(name) for name in _SCRIPTS),
    )
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


class Page:
    """A page that a notebook shows in place."""

    def __init__(self, text: str, height: int) -> None:
        self.text = text
        self.height = height

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.text)}" width="100%" height="{self.height}" '
            'style="border:1px solid #8884;border-radius:8px"></iframe>'
        )


def show(
    graph: Drawable,
    *,
    title: str = "Graph",
    height: int = 640,
    run_metadata: RunMetadataLike | None = None,
    plan: Mapping[str, str] | None = None,
) -> Page:
    """The page of `to_html` as the value of a notebook cell, `height` pixels high."""
    return Page(to_html(graph, title=title, run_metadata=run_metadata, plan=plan), height)


def page_data(
    ops: Sequence[OperationLike],
    *,
    title: str = "Graph",
    run_metadata: RunMetadataLike | None = None,
    plan: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """What the page embeds: ops as rows, the tree of scopes, the variables. Only JSON values."""
    return _Encoder(ops, node_costs(run_metadata), plan or {}).encode(title)


def script_json(data: object) -> str:
    """JSON that may stand inside a script element: nothing in it can close the element.

    >>> script_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _asset(name: str) -> str:
    return resources.files("flowgraph.viz").joinpath("assets", name).read_text(encoding="utf-8")


class _Table:
    """Strings that recur, each written once and then told by its place."""

    def __init__(self, values: Sequence[str] = ()) -> None:
        self.values = list(values)
        self._places = {value: place for place, value in enumerate(self.values)}

    def place(self, value: str) -> int:
        if value not in self._places:
            self._places[value] = len(self.values)
            self.values.append(value)
        return self._places[value]


class _Encoder:
    def __init__(
        self, ops: Sequence[OperationLike], costs: Mapping[str, Cost], plan: Mapping[str, str]
    ) -> None:
        self._ops = ops
        self._costs = costs
        self._plan = plan
        self._places = {op.name: place for place, op in enumerate(ops)}
        self._outputs = {
            tensor.name: position for op in ops for position, tensor in enumerate(op.outputs)
        }
        self._kinds = _Table([kind.value for kind in Kind])
        self._types, self._devices, self._dtypes = _Table(), _Table(), _Table()

    def encode(self, title: str) -> dict[str, object]:
        tree = scope_tree(self._ops)
        rows = [self._row(op, tree.kinds[op.name]) for op in self._ops]
        return {
            "title": title,
            "kinds": self._kinds.values,
            "types": self._types.values,
            "devices": self._devices.values,
            "dtypes": self._dtypes.values,
            "ops": rows,
            "tree": self._node(tree.root),
            "variables": self._variables(tree),
        }

    def _row(self, op: OperationLike, kind: Kind) -> list[object]:
        cost = self._costs.get(op.name, Cost())
        inputs = [
            [self._places[tensor.op.name], self._outputs[tensor.name]]
            for tensor in op.inputs
            if tensor.op.name in self._places
        ]
        control = [self._places[o.name] for o in op.control_inputs if o.name in self._places]
        return [
            op.name,
            self._types.place(op.type),
            self._kinds.place(kind.value),
            self._devices.place(op.device or ""),
            inputs,
            control,
            [self._output(tensor) for tensor in op.outputs],
            attribute_texts(op),
            created_at(op),
            self._plan.get(op.name, ""),
            round(cost.micros, 3),
            cost.bytes,
        ]

    def _output(self, tensor: TensorLike) -> list[object]:
        return [self._dtypes.place(value_dtype(tensor)), dimensions(tensor)]

    def _node(self, node: Node) -> list[object]:
        if node.op is not None:
            return [self._places[node.op.name], node.label]
        variable = -1 if node.variable is None else self._places[node.variable.name]
        children = [self._node(child) for child in node.children]
        return [node.path, node.label, self._kinds.place(node.kind.value), variable, children]

    def _variables(self, tree: ScopeTree) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        for op in self._ops:
            if op.type not in VARIABLE_TYPES:
                continue
            dims, dtype = held_value(op)
            known = dims is not None and None not in dims
            count = 1
            for size in dims or ():
                count *= size or 0
            found.append(
                {
                    "op": self._places[op.name],
                    "shape": dims,
                    "dtype": dtype,
                    "count": count if known else None,
                    "kind": tree.kinds[op.name].value,
                }
            )
        return found


def attribute_texts(op: OperationLike) -> dict[str, str]:
    """The op's attributes as short texts, an op's own names in order."""
    return {
        name: _value_text(value)
        for name, value in sorted(op.attrs.items())
        if name not in _HIDDEN_ATTRIBUTES
    }


def _value_text(value: object) -> str:
    if hasattr(value, "get_operations"):
        return f"graph of {len(value.get_operations())} ops"
    if isinstance(value, bytes):
        text = value[: _LONGEST_VALUE + 1].decode("utf-8", "backslashreplace")
    elif hasattr(value, "ndim") and hasattr(value, "dtype"):
        text = f"{value.dtype} {list(getattr(value, 'shape', ()))}"
        if getattr(value, "size", 0) <= 16:
            text = " ".join(str(value).split())
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(_value_text(item) for item in value[:16]) + "]"
    elif hasattr(value, "as_list") and hasattr(value, "dims"):
        text = str(value)
    else:
        text = str(getattr(value, "name", value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def created_at(op: OperationLike) -> str:
    """Where in the user's code the op was created, if the op knows."""
    frame = getattr(op, "user_frame", None)
    if frame is None:
        return ""
    return f"{frame.filename}:{frame.lineno}\n{frame.line}".rstrip()
