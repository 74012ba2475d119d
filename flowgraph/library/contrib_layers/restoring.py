"""Values for variables, from arrays or from checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from flowgraph.graph.tensor import Operation
from flowgraph.library.contrib_layers.variables import get_unique_variable, get_variable_full_name
from flowgraph.library.platform import logs
from flowgraph.library.training.checkpoint_reader import CheckpointReader
from flowgraph.library.training.saver import Saver
from flowgraph.ops import array
from flowgraph.ops.control import group

__all__ = [
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "assign_from_values",
    "assign_from_values_fn",
]

Variables = Mapping[str, Any] | Sequence[Any]
Assignment = tuple[Operation, dict[Any, Any]]


def _assignment(pairs: list[tuple[Any, Any]]) -> Assignment:
    """An operation that stores values in variables, and what to feed to it."""
    feeds: dict[Any, Any] = {}
    stored = []
    for variable, value in pairs:
        # Fed, as constants of their size would swell the graph.
        name = "placeholder/" + variable.op.name
        slot = array.placeholder(variable.dtype.base_dtype, variable.get_shape(), name)
        stored.append(variable.assign(slot))
        feeds[slot] = np.reshape(value, variable.get_shape().as_list())
    return group(*stored), feeds


def assign_from_values(var_names_to_values: Mapping[str, Any]) -> Assignment:
    """An operation that stores values in variables, and what to feed to it.

    Args:
        var_names_to_values: arrays by the names of global variables.

    Returns:
        ``(operation, feed_dict)``, for ``session.run(operation, feed_dict)``.

    Raises:
        ValueError: if there is no variable of a name, or a value is of another size.
    """
    return _assignment(
        [(get_unique_variable(name), value) for name, value in var_names_to_values.items()]
    )


def assign_from_values_fn(var_names_to_values: Mapping[str, Any]) -> Callable[[Any], None]:
    """A function of a session that stores values in variables; see `assign_from_values`."""
    operation, feeds = assign_from_values(var_names_to_values)

    def assign(session: Any) -> None:
        session.run(operation, feeds)

    return assign


def _by_name(var_list: Variables) -> dict[str, list[Any]]:
    """The variables, or the parts of one, by the name that a checkpoint has for them."""
    grouped: dict[str, list[Any]] = {}
    if isinstance(var_list, Mapping):
        for name, found in var_list.items():
            grouped[name] = list(found) if isinstance(found, list | tuple) else [found]
    else:
        for variable in var_list:
            grouped.setdefault(get_variable_full_name(variable), []).append(variable)
    return grouped


def _part(variable: Any, whole: Any, name: str) -> Any:
    """What a variable takes of the tensor of its name."""
    info = getattr(variable, "_save_slice_info", None)
    if info:
        offsets = zip(info.var_offset, info.var_shape, strict=True)
        return whole[tuple(slice(start, start + size) for start, size in offsets)]
    shape = variable.get_shape().as_list()
    if math.prod(shape) != whole.size:
        raise ValueError(
            f"Total size of new array must be unchanged for {name} lh_shape: "
            f"[{list(whole.shape)}], rh_shape: [{shape}]"
        )
    return whole


def assign_from_checkpoint(
    model_path: str, var_list: Variables, ignore_missing_vars: bool = False
) -> Assignment:
    """An operation that stores tensors of a checkpoint in variables, and what to feed to it.

    Args:
        model_path: the checkpoint's prefix.
        var_list: variables, or a dict of them by their names in the checkpoint.
        ignore_missing_vars: leave out what the checkpoint does not have.

    Returns:
        ``(operation, feed_dict)``, for ``session.run(operation, feed_dict)``.

    Raises:
        ValueError: if the checkpoint lacks a variable, or has it in another size.
    """
    reader = CheckpointReader(model_path)
    pairs = []
    for name, variables in _by_name(var_list).items():
        if not reader.has_tensor(name):
            if not ignore_missing_vars:
                raise ValueError(f"Checkpoint is missing variable [{name}]")
            logs.warning("Checkpoint %s is missing variable [%s]", model_path, name)
            continue
        whole = np.asarray(reader.get_tensor(name))
        pairs += [(variable, _part(variable, whole, name)) for variable in variables]
    return _assignment(pairs)


def assign_from_checkpoint_fn(
    model_path: str,
    var_list: Variables,
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable[[Any], None] | None:
    """A function of a session that restores variables from a checkpoint.

    Args:
        model_path: the checkpoint's prefix.
        var_list: variables, or a dict of them by their names in the checkpoint.
        ignore_missing_vars: leave out what the checkpoint does not have.
        reshape_variables: let a variable take a tensor of another shape with as many elements.

    Returns:
        The function; None if nothing is left to restore.

    Raises:
        ValueError: if `var_list` is empty.
    """
    if not var_list:
        raise ValueError("var_list cannot be empty")
    grouped: dict[str, Any] = _by_name(var_list)
    if ignore_missing_vars:
        reader = CheckpointReader(model_path)
        for name in [name for name in grouped if not reader.has_tensor(name)]:
            logs.warning("Variable %s missing in checkpoint %s", name, model_path)
            del grouped[name]
    if not grouped:
        logs.warning("No Variables to restore")
        return None
    # A part finds its place in the whole by itself, so parts go in a list.
    parts = [part for found in grouped.values() if len(found) > 1 for part in found]
    singles = {name: found[0] for name, found in grouped.items() if len(found) == 1}
    savers = [Saver(chosen, reshape=reshape_variables) for chosen in (singles, parts) if chosen]

    def restore(session: Any) -> None:
        for saver in savers:
            saver.restore(session, model_path)

    return restore
