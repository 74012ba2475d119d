"""What part an op plays in a training graph, told from its type, its name and its consumers."""

from __future__ import annotations

import enum
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from flowgraph.viz.interface import OperationLike


class Kind(enum.StrEnum):
    """The roles that the drawings tell apart."""

    FORWARD = "forward"
    INPUT = "input"
    VARIABLE = "variable"
    CONSTANT = "constant"
    GRADIENT = "gradient"
    OPTIMIZER = "optimizer"
    AUXILIARY = "auxiliary"


VARIABLE_TYPES = frozenset({"Variable", "VariableV2", "VarHandleOp", "TemporaryVariable"})
INPUT_TYPES = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
READ_TYPES = frozenset({"Identity", "ReadVariableOp"})
_SAVE_TYPES = re.compile(r"Save|Restore|MergeV2Checkpoints|ShardedFilename")
_UPDATE_TYPES = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]|(Resource)?Scatter[A-Z]")
_APPLY_TYPES = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]")
_GRADIENT_SCOPE = re.compile(r"gradients(_\d+)?")
_SAVE_SCOPE = re.compile(r"save(_\d+)?")
_INIT_NAME = re.compile(r"init(_all_\w+)?(_\d+)?")


def classify(ops: Sequence[OperationLike]) -> dict[str, Kind]:
    """The kind of each op, by name. Slots count as optimizer, a variable's read as the variable.

    Whatever only serves to set a variable's first value, to save or to restore is auxiliary.
    """
    variables = {op.name for op in ops if op.type in VARIABLE_TYPES}
    optimizer = _optimizer_scopes(ops) | _slot_names(ops)
    saving = _saving_scopes(ops)
    kinds: dict[str, Kind] = {}
    initial: set[str] = set()
    for op in ops:
        kinds[op.name] = _kind(op, variables, optimizer, saving)
        if kinds[op.name] is Kind.AUXILIARY and not op.type.endswith("Summary"):
            initial.add(op.name)
    _spread_auxiliary(ops, kinds, initial)
    return kinds


def prefixes(name: str) -> Iterator[str]:
    """Every enclosing scope of a name, outermost first, then the name itself.

    >>> list(prefixes("a/b/c"))
    ['a', 'a/b', 'a/b/c']
    """
    position = name.find("/")
    while position >= 0:
        yield name[:position]
        position = name.find("/", position + 1)
    yield name


def _kind(op: OperationLike, variables: set[str], optimizer: set[str], saving: set[str]) -> Kind:
    enclosing = list(prefixes(op.name))
    if not saving.isdisjoint(enclosing) or op.type.endswith("Summary"):
        return Kind.AUXILIARY
    if op.type == "NoOp" and _INIT_NAME.fullmatch(op.name.rpartition("/")[2]):
        return Kind.AUXILIARY
    if not optimizer.isdisjoint(enclosing):
        return Kind.OPTIMIZER
    if op.name in variables:
        return Kind.VARIABLE
    if any(_GRADIENT_SCOPE.fullmatch(part) for part in op.name.split("/")[:-1]):
        return Kind.GRADIENT
    if not variables.isdisjoint(enclosing[:-1]):
        return Kind.VARIABLE if op.type in READ_TYPES else Kind.AUXILIARY
    if op.type in INPUT_TYPES:
        return Kind.INPUT
    return Kind.CONSTANT if op.type == "Const" else Kind.FORWARD


def _optimizer_scopes(ops: Sequence[OperationLike]) -> set[str]:
    """Optimizers apply each update below `<name>/update_<variable>`; `<name>` is theirs."""
    scopes = set()
    for op in ops:
        if not _UPDATE_TYPES.match(op.type):
            continue
        parts = op.name.split("/")
        cut = next((i for i, part in enumerate(parts) if part.startswith("update_")), None)
        if cut:
            scopes.add("/".join(parts[:cut]))
        elif _APPLY_TYPES.match(op.type):
            scopes.add(op.name)
    return scopes


def _slot_names(ops: Sequence[OperationLike]) -> set[str]:
    """Variables that optimizers read beside the one they update: moments, powers, a rate."""
    updated, beside = set(), set()
    for op in ops:
        if not _APPLY_TYPES.match(op.type) or not op.inputs:
            continue
        updated.add(op.inputs[0].op.name)
        for tensor in op.inputs[1:]:
            source = tensor.op
            if source.type in READ_TYPES and source.inputs:
                source = source.inputs[0].op
            if source.type in VARIABLE_TYPES:
                beside.add(source.name)
    return beside - updated


def _saving_scopes(ops: Sequence[OperationLike]) -> set[str]:
    scopes = set()
    for op in ops:
        if not _SAVE_TYPES.match(op.type):
            continue
        parts = op.name.split("/")
        cut = next((i for i, part in enumerate(parts) if _SAVE_SCOPE.fullmatch(part)), None)
        scopes.add(op.name if cut is None else "/".join(parts[: cut + 1]))
    return scopes


def _spread_auxiliary(
    ops: Sequence[OperationLike], kinds: dict[str, Kind], initial: set[str]
) -> None:
    """An op that feeds initializers alone (`zeros`, `truncated_normal`) is set aside with them."""
    consumers: dict[str, list[str]] = defaultdict(list)
    for op in ops:
        for tensor in op.inputs:
            consumers[tensor.op.name].append(op.name)
        for source in op.control_inputs:
            consumers[source.name].append(op.name)
    for op in reversed(ops):
        if kinds[op.name] not in (Kind.FORWARD, Kind.CONSTANT):
            continue
        used_by = consumers[op.name]
        if used_by and all(name in initial for name in used_by):
            kinds[op.name] = Kind.AUXILIARY
            initial.add(op.name)
