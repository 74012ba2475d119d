"""What is known of every op: the rows of docs/ops.md, for tools/op_table.py.

``python tests/support/op_rows.py FILE`` writes them as JSON.
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import flowgraph.ops
from flowgraph.graph.opdef import OpDef
from flowgraph.ops import kinds
from support.oracle import recording_or_none
from support.running import Built, call_kernel
from support.samples import Case, all_ops, cases_of, topic_of
from test_ops_generated import UP_TO_SIGN, has_values

__all__ = ["difference", "distance", "rows"]


def _declared_in() -> dict[str, str]:
    """The module in which a call outside of functions, or a decorator, declares each op type."""
    found: dict[str, str] = {}
    for path in sorted((Path(flowgraph.ops.__file__).parent).glob("*.py")):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            found.update((name, path.stem) for name in _named_in_calls(statement))
    return found


def _named_in_calls(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef):
        return
    parts = statement.decorator_list if isinstance(statement, ast.ClassDef) else [statement]
    for node in itertools.chain.from_iterable(map(ast.walk, parts)):
        match node:
            case ast.Call(func=ast.Name(id=called), args=[ast.Constant(value=str(name)), *_]):
                if called != "function_of":
                    yield name


GROUPS = {
    frozenset(kinds.FLOATS): "floats",
    frozenset(kinds.COMPLEX): "complex",
    frozenset(kinds.SIGNED): "signed integers",
    frozenset(kinds.INTEGERS): "integers",
    frozenset(kinds.INEXACT): "floats, complex",
    frozenset(kinds.REAL): "real",
    frozenset(kinds.NUMBERS): "numbers",
    frozenset(kinds.ANY): "any",
}


def _types(definition: OpDef) -> str:
    """What each type attribute may be."""
    parts = []
    for name, attr in definition.attrs.items():
        if attr.kind == "type" and attr.allowed:
            listed = ", ".join(each.name for each in attr.allowed)
            parts.append(f"{name}: {GROUPS.get(frozenset(attr.allowed), listed)}")
    return "; ".join(parts)


def _gradient(definition: Any, recorded: Iterable[dict[str, Any]]) -> str:
    if definition.grad is None:
        return "none"
    if not callable(definition.grad):
        return "–"
    orders = [0]
    for record in recorded:
        gradients = record.get("gradients") or {}
        orders += [
            order
            for order, key in enumerate(("first", "second"), 1)
            if isinstance(gradients.get(key), list)
        ]
    return str(max(orders)) if max(orders) else "yes"


def difference(cases: Iterable[Case]) -> str:
    """The greatest differences between kernel and TensorFlow by type, as text."""
    worst: dict[str, float] = {}
    for case in cases:
        record = recording_or_none(case)
        if record is None or case.sample.raises or not has_values(case):
            continue
        inputs = [array.copy() for array in case.flat_inputs]
        with np.errstate(all="ignore"):
            found = call_kernel(Built(case), inputs)
        expected = [*record["values"], *record["after"]]
        for ours, theirs in zip(found, expected, strict=True):
            if theirs is None:
                continue
            if case.definition.name in UP_TO_SIGN:
                ours, theirs = np.abs(ours), np.abs(theirs)
            name = np.asarray(theirs).dtype.name
            worst[name] = max(worst.get(name, 0.0), distance(ours, theirs))
    if not worst:
        return "–"
    unequal = {name: value for name, value in worst.items() if value}
    return ", ".join(f"{value:.0e} {name}" for name, value in sorted(unequal.items())) or "equal"


def distance(found: Any, expected: Any) -> float:
    """The greatest `|x - y| / (1 + |y|)`; infinite where what is no float differs."""
    found, expected = np.asarray(found), np.asarray(expected)
    if expected.dtype.kind not in "fcV":
        return 0.0 if np.array_equal(found, expected) else float("inf")
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    x, y = found.astype(wide), expected.astype(wide)
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    with np.errstate(invalid="ignore"):
        relative = np.abs(x - y) / (1 + np.abs(y))
    return float(np.where(same, 0, relative).max(initial=0))


def rows(definitions: dict[str, OpDef]) -> list[list[str]]:
    """Name, module, order of gradients, whether it takes `out`, types, difference to TensorFlow."""
    modules = _declared_in()
    found = []
    for name, definition in sorted(definitions.items()):
        cases = cases_of(definition)
        records = [record for record in map(recording_or_none, cases) if record is not None]
        found.append(
            [
                name,
                modules.get(name) or topic_of(definition),
                _gradient(definition, records),
                "yes" if definition.has_out else "",
                _types(definition),
                difference(cases),
            ]
        )
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(rows(all_ops())), encoding="utf-8")
