"""Comparison of a checkpoint with the variables that are to be restored from it.

A restore must not stop half-way, so what could go wrong is looked for before anything is assigned.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from flowgraph import dims, errors
from flowgraph.formats.bundle import BundleReader
from flowgraph.formats.checkpoint import parse_slice
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["check_restorable", "restore_ops"]

_LISTED = 20


def restore_ops(graph: Graph, restore_op_name: str) -> list[Operation]:
    """The RestoreV2 ops that the op of this name runs."""
    found: list[Operation] = []
    seen: set[Operation] = set()
    stack = [graph.get_operation_by_name(restore_op_name)]
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        if op.type == "RestoreV2":
            found.append(op)
        else:
            stack.extend(tensor.op for tensor in op.inputs)
            stack.extend(op.control_inputs)
    return sorted(found, key=lambda op: op._id)


def check_restorable(prefix: str, ops: list[Operation]) -> None:
    """Raise unless the checkpoint has all tensors that `ops` read, as their readers need them.

    Raises:
        NotFoundError: if names are missing; the text lists them with those that resemble them, and
            the names that nobody reads.
        InvalidArgumentError: if element types or shapes differ.
    """
    reader = BundleReader(prefix)
    missing: list[str] = []
    differing: list[str] = []
    wanted: set[str] = set()
    for op in ops:
        for name, spec, output in _entries(op):
            wanted.add(name)
            if name not in reader:
                missing.append(name)
            else:
                differing.extend(_differences(reader, name, spec, output))
    stored = reader.keys()
    unread = [key for key in stored if key not in wanted]
    missing = list(dict.fromkeys(missing))
    if missing:
        text = f"Key {missing[0]} not found in checkpoint {prefix}"
        raise errors.NotFoundError(None, ops[0], text + _report(missing, unread, differing))
    if differing:
        text = f"The graph does not fit the checkpoint {prefix}"
        raise errors.InvalidArgumentError(None, ops[0], text + _report(missing, unread, differing))


def _entries(op: Operation) -> Iterator[tuple[str, str, Tensor]]:
    """Name, slice and output of each tensor that a RestoreV2 op with constant names reads."""
    names, specs = (tensor.const_value() for tensor in op.inputs[1:3])
    if names is None or specs is None:
        return
    for name, spec, output in zip(names, specs, op.outputs, strict=True):
        yield name.decode("utf-8", "surrogateescape"), spec.decode(), output


def _differences(reader: BundleReader, name: str, spec: str, output: Tensor) -> Iterator[str]:
    stored_type = reader.dtype(name)
    if stored_type is not output.dtype.base_dtype:
        yield f"{name} is {output.dtype.name}, in the checkpoint {stored_type.name}"
    stored = reader.shape(name)
    if spec:
        whole, box = parse_slice(spec)
        if whole != stored:
            yield f"{name} has the shape {list(whole)}, in the checkpoint {list(stored)}"
            return
        stored = tuple(length for _, length in box)
    for consumer in output.consumers():
        problem = _misfit(consumer, stored)
        if problem:
            yield f"{name} {problem}, in the checkpoint {list(stored)}"


def _misfit(consumer: Operation, stored: tuple[int, ...]) -> str:
    """What is wrong with a tensor of shape `stored` as the value that `consumer` gets."""
    if consumer.type == "Assign" and consumer.attrs["validate_shape"]:
        expected = consumer.inputs[0].dims
        if not dims.compatible(expected, stored):
            return f"has the shape {dims.show_list(expected)}"
    if consumer.type == "Reshape":
        expected = consumer.inputs[1].const_dims()
        count = dims.num_elements(expected)
        if count is not None and count != dims.num_elements(stored):
            return f"has the shape {dims.show_list(expected)}"
    return ""


def _report(missing: list[str], unread: list[str], differing: list[str]) -> str:
    lines = [""]
    if missing:
        lines.append("Missing in the checkpoint:")
        lines.extend(_shortened([f"{name}{_similar(name, unread)}" for name in missing]))
    if differing:
        lines.append("Different in the checkpoint:")
        lines.extend(_shortened(differing))
    if unread:
        lines.append("In the checkpoint, and not asked for:")
        lines.extend(_shortened(unread))
    return "\n".join(lines)


def _similar(name: str, candidates: list[str]) -> str:
    close = difflib.get_close_matches(name, candidates, n=3, cutoff=0.5)
    return f" (similar there: {', '.join(close)})" if close else ""


def _shortened(lines: list[str]) -> list[str]:
    shown = [f"  {line}" for line in lines[:_LISTED]]
    if len(lines) > _LISTED:
        shown.append(f"  ... and {len(lines) - _LISTED} more")
    return shown
