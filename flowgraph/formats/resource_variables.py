"""GraphDefs with resource variables, rewritten to variables that ops receive by reference.

TensorFlow has two kinds of variable. A resource variable is a handle, read by ReadVariableOp and
changed by ops such as ResourceApplyAdam; flowgraph has the other kind alone, whose ops are named
alike but for the prefix. Reads keep their names and control inputs, so that they still see what is
written before them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.opdef import registered
from flowgraph.protos import GraphDef

__all__ = ["has_resource_variables", "with_references"]

_PREFIX = "Resource"


def has_resource_variables(message: Any) -> bool:
    """True if a GraphDef holds a resource variable."""
    return any(node.op == "VarHandleOp" for node in message.node)


def with_references(message: Any) -> Any:
    """A copy of a GraphDef in which its resource variables are reference variables.

    Raises:
        ValueError: if something is done to a variable that has no counterpart.
    """
    result = GraphDef()
    result.CopyFrom(message)
    types = {
        node.name: node.attr["dtype"].type for node in message.node if node.op == "VarHandleOp"
    }
    for node in result.node:
        rule = _RULES.get(node.op)
        if rule is not None:
            rule(node, types)
        elif node.op.startswith(_PREFIX) and node.op not in registered():
            _without_prefix(node)
    return result


def _renamed(node: Any, old: str, new: str) -> None:
    node.attr[new].CopyFrom(node.attr[old])
    if old in node.attr:
        del node.attr[old]


def _drop(node: Any, *names: str) -> None:
    for name in names:
        if name in node.attr:
            del node.attr[name]


def _to_variable(node: Any, types: dict[str, int]) -> None:
    node.op = "VariableV2"
    _drop(node, "allowed_devices", "debug_name")


def _to_read(node: Any, types: dict[str, int]) -> None:
    node.op = "Identity"
    _renamed(node, "dtype", "T")


def _to_assignment(op_type: str) -> Callable[[Any, dict[str, int]], None]:
    def rule(node: Any, types: dict[str, int]) -> None:
        node.op = op_type
        _renamed(node, "dtype", "T")
        _drop(node, "validate_shape")

    return rule


def _to_question(node: Any, types: dict[str, int]) -> None:
    node.op = "IsVariableInitialized"
    node.attr["dtype"].type = types[_variable_of(node, types)]


def _to_shape(node: Any, types: dict[str, int]) -> None:
    node.op = "Shape"
    node.attr["T"].type = types[_variable_of(node, types)]


def _to_gather(node: Any, types: dict[str, int]) -> None:
    if node.attr["batch_dims"].i:
        raise ValueError(f"Node '{node.name}': ResourceGather with batch_dims is not supported.")
    node.op = "Gather"
    _renamed(node, "dtype", "Tparams")
    _drop(node, "batch_dims")


def _to_gather_nd(node: Any, types: dict[str, int]) -> None:
    node.op = "GatherNd"
    _renamed(node, "dtype", "Tparams")


def _to_nothing(node: Any, types: dict[str, int]) -> None:
    node.op = "NoOp"
    controls = ["^" + text.removeprefix("^").partition(":")[0] for text in node.input]
    del node.input[:]
    node.input.extend(controls)
    node.attr.clear()


def _without_prefix(node: Any) -> None:
    """ResourceApplyAdam as ApplyAdam, and its like."""
    node.op = node.op.removeprefix(_PREFIX)
    if node.op.startswith("Scatter") and "dtype" in node.attr:
        _renamed(node, "dtype", "T")


def _variable_of(node: Any, types: dict[str, int]) -> str:
    name = str(node.input[0]).partition(":")[0]
    if name not in types:
        raise ValueError(f"Node '{node.name}' ({node.op}): its input '{name}' is no variable.")
    return name


_RULES: dict[str, Callable[[Any, dict[str, int]], None]] = {
    "VarHandleOp": _to_variable,
    "ReadVariableOp": _to_read,
    "AssignVariableOp": _to_assignment("Assign"),
    "AssignAddVariableOp": _to_assignment("AssignAdd"),
    "AssignSubVariableOp": _to_assignment("AssignSub"),
    "VarIsInitializedOp": _to_question,
    "VariableShape": _to_shape,
    "ResourceGather": _to_gather,
    "ResourceGatherNd": _to_gather_nd,
    "DestroyResourceOp": _to_nothing,
}
