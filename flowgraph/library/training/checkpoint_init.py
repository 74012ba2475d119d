"""Variables that are initialized from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with
from flowgraph.graph.graph import get_default_graph
from flowgraph.library.training.checkpoint_reader import (
    CheckpointReader,
    checkpoint_prefix,
    load_checkpoint,
)
from flowgraph.library.variable_scope import variable_store
from flowgraph.ops import io
from flowgraph.shapes import TensorShape

__all__ = ["init_from_checkpoint"]


def init_from_checkpoint(ckpt_dir_or_file: str, assignment_map: Mapping[str, Any]) -> None:
    """Replace the initializers of variables, so that they take values from a checkpoint.

    To be called after the variables are made, and before `global_variables_initializer`.

    Args:
        ckpt_dir_or_file: a checkpoint's prefix, or a folder, whose newest checkpoint is meant.
        assignment_map: from names in the checkpoint to variables, lists of a variable's parts, or
            names; ``"scope/"`` to ``"other/"`` for all variables of a scope, ``"/"`` being all.

    Raises:
        ValueError: if a name is not in the checkpoint or the graph, or shapes differ.
    """
    prefix = checkpoint_prefix(ckpt_dir_or_file)
    reader = load_checkpoint(prefix)
    shapes = reader.get_variable_to_shape_map()
    for source, target in sorted(assignment_map.items(), key=lambda entry: str(entry[0])):
        if isinstance(target, str) and target.endswith("/"):
            _init_scope(prefix, reader, source, target, shapes)
            continue
        variable = _named(target) if isinstance(target, str) else target
        _init(prefix, source, variable, shapes)


def _store() -> dict[str, Any]:
    """The graph's variables by full name, partitioned ones as lists of their parts."""
    store = variable_store(get_default_graph())
    found = dict(store.variables)
    for name, partitioned in store.partitioned.items():
        parts = partitioned._get_variable_list()
        for part in parts:
            found.pop(part.op.name, None)
        found[name] = parts
    return found


def _named(name: str) -> Any:
    found = _store().get(name)
    if found is None:
        raise ValueError(f"Variable {name} is not found in the graph.")
    return found


def _init_scope(
    prefix: str, reader: CheckpointReader, source: str, target: str, shapes: dict[str, list[int]]
) -> None:
    if not source.endswith("/"):
        raise ValueError(
            f"Assignment map with scope only name {target} should map to scope only {source}. "
            "Should be 'scope/': 'other_scope/'."
        )
    inside, outside = (scope.removeprefix("/") for scope in (target, source))
    for name, variable in _store().items():
        if name.startswith(inside):
            stored = outside + name.removeprefix(inside)
            if not reader.has_tensor(stored):
                raise ValueError(
                    f"Tensor {stored} ({name} in {target}) is not found in {prefix} checkpoint"
                )
            _init(prefix, stored, variable, shapes)


def _init(prefix: str, name: str, variable: Any, shapes: dict[str, list[int]]) -> None:
    if name not in shapes:
        raise ValueError(f"Tensor {name} is not found in {prefix} checkpoint {shapes}")
    if hasattr(variable, "_get_variable_list"):
        variable = variable._get_variable_list()
    parts = variable if isinstance(variable, list | tuple) else [variable]
    for part in parts:
        info = getattr(part, "_save_slice_info", None)
        shape = part.get_shape() if info is None else info.full_shape
        if not TensorShape(shape).is_compatible_with(shapes[name]):
            raise ValueError(
                f"Shape of variable {part.op.name} ({shape}) doesn't match with shape of tensor "
                f"{name} ({shapes[name]}) from checkpoint reader."
            )
        _set_initializer(part, prefix, name, "" if info is None else info.spec)


def _set_initializer(variable: Any, prefix: str, name: str, slice_spec: str) -> None:
    graph = get_default_graph()
    with graph.control_dependencies(None), colocate_with(variable):
        value = io.restore_v2(
            prefix,
            [name],
            [slice_spec],
            [variable.dtype.base_dtype],
            name="checkpoint_initializer",
        )[0]
        value.set_shape(variable.get_shape())
        variable._initializer_op = apply("Assign", variable, value).op
        variable._initial_value = value
