"""What a `Saver` saves: variables, parts of variables, and objects that say so themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["SaveSpec", "SaveableObject", "all_saveable_objects", "saveables_of"]


class SaveSpec:
    """One tensor to save.

    Attributes:
        tensor: the tensor.
        slice_spec: "", or what part of a larger tensor it is.
        name: its name in the checkpoint.
    """

    def __init__(self, tensor: Any, slice_spec: str, name: str, dtype: Any = None) -> None:
        self.tensor: Tensor = tensor
        self.slice_spec = slice_spec
        self.name = name
        self.dtype = (tensor.dtype if dtype is None else dtype).base_dtype


class SaveableObject:
    """Something with a state in tensors; base class of what SAVEABLE_OBJECTS holds.

    Args:
        op: what is saved, in error messages and for its device.
        specs: its tensors.
        name: its name.
    """

    def __init__(self, op: Any, specs: list[SaveSpec], name: str) -> None:
        self.op = op
        self.specs = specs
        self.name = name

    @property
    def device(self) -> str:
        return self.specs[0].tensor.device

    def restore(self, restored_tensors: list[Tensor], restored_shapes: Any) -> Any:
        """An op that puts the state back.

        Args:
            restored_tensors: as many as there are specs.
            restored_shapes: shapes to give to the tensors, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is restored.")


class _VariableSaveable(SaveableObject):
    """A variable, or one part of a partitioned one."""

    def __init__(self, variable: Any, slice_spec: str, name: str) -> None:
        reference = variable if isinstance(variable, Tensor) else variable._ref()
        # A part is read through its snapshot, whose place in the graph is that of its part.
        saved = variable.value() if slice_spec else reference
        super().__init__(reference, [SaveSpec(saved, slice_spec, name)], name)
        self.variable = variable

    @property
    def device(self) -> str:
        device: str = self.op.device
        return device

    def restore(self, restored_tensors: list[Tensor], restored_shapes: Any) -> Operation:
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = apply("Reshape", value, restored_shapes[0])
        shape = self.op.get_shape()
        validate = restored_shapes is None and shape.is_fully_defined()
        with colocate_with(self.op):
            restored: Tensor = apply("Assign", self.op, value, validate_shape=validate)
        return restored.op


def all_saveable_objects(scope: str | None = None) -> list[Any]:
    """The global variables, and what the collection SAVEABLE_OBJECTS holds."""
    graph = get_default_graph()
    keys = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS)
    return [each for key in keys for each in graph.get_collection(key, scope)]


def saveables_of(var_list: Any) -> list[SaveableObject]:
    """What to save, sorted by name, for a list or dict of variables.

    Raises:
        TypeError: if something else than variables is in it.
        ValueError: if two have one name, or one is to be saved under two names.
    """
    named = var_list if isinstance(var_list, Mapping) else _by_name(var_list)
    found: list[SaveableObject] = []
    for name in sorted(named):
        if not isinstance(name, str):
            raise TypeError(
                f"names_to_saveables must be a dict mapping string names to variables: {name!r}"
            )
        found.extend(_saveables(name, named[name]))
    taken: set[Any] = set()
    for saveable in found:
        if saveable.op in taken:
            raise ValueError(f"The same saveable will be restored with two names: {saveable.name}")
        taken.add(saveable.op)
    return found


def _by_name(variables: Any) -> dict[str, Any]:
    if not isinstance(variables, Iterable) or isinstance(variables, str):
        raise ValueError(f"Variables to save should be passed in a dict or a list: {variables}")
    found: dict[str, Any] = {}
    for variable in variables:
        info = getattr(variable, "_save_slice_info", None)
        if info is not None:
            parts = found.setdefault(info.full_name, [])
            if not isinstance(parts, list):
                raise ValueError(
                    f"Mixing slices and non-slices with the same name: {info.full_name}"
                )
            parts.append(variable)
            continue
        name = _name_of(variable)
        if name in found:
            raise ValueError(f"At least two variables have the same name: {name}")
        found[name] = variable
    return found


def _name_of(variable: Any) -> str:
    if isinstance(variable, SaveableObject) or hasattr(variable, "_get_variable_list"):
        return str(variable.name)
    _check_variable(variable)
    return str(variable.op.name)


def _check_variable(variable: Any) -> None:
    is_reference = isinstance(variable, Tensor) and variable.dtype.is_ref_dtype
    if not is_reference and not hasattr(variable, "_ref"):
        raise TypeError(f"Variable to save is not a Variable: {variable}")


def _saveables(name: str, variable: Any) -> list[SaveableObject]:
    if isinstance(variable, SaveableObject):
        return [variable]
    if hasattr(variable, "_get_variable_list"):
        variable = variable._get_variable_list()
    parts = variable if isinstance(variable, list | tuple) else [variable]
    found: list[SaveableObject] = []
    for part in parts:
        _check_variable(part)
        info = getattr(part, "_save_slice_info", None)
        if info is None and len(parts) > 1:
            raise ValueError(f"Slices must all be slices: {part}")
        found.append(_VariableSaveable(part, "" if info is None else info.spec, name))
    return found
