"""Variables as messages: what a MetaGraphDef holds of them."""

from __future__ import annotations

import enum
from typing import Any

from flowgraph import protos
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["SaveSliceInfo", "VariableAggregation", "VariableProto", "VariableSynchronization"]


class VariableSynchronization(enum.Enum):
    """When the copies of a variable on several devices agree; without effect on one device."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How updates from several devices are combined; without effect on one device."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class SaveSliceInfo:
    """Where a part of a partitioned variable lies in the whole.

    Attributes:
        full_name: the whole variable's name.
        full_shape: its shape.
        var_offset: the first index of the part along each axis.
        var_shape: the part's shape.
    """

    def __init__(
        self,
        full_name: str | None = None,
        full_shape: Any = None,
        var_offset: Any = None,
        var_shape: Any = None,
        save_slice_info_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        if save_slice_info_def is not None:
            full_name = _with_scope(save_slice_info_def.full_name, import_scope)
            full_shape = save_slice_info_def.full_shape
            var_offset = save_slice_info_def.var_offset
            var_shape = save_slice_info_def.var_shape
        self.full_name = full_name
        self.full_shape = None if full_shape is None else list(full_shape)
        self.var_offset = None if var_offset is None else list(var_offset)
        self.var_shape = None if var_shape is None else list(var_shape)

    @property
    def spec(self) -> str:
        """The slice as checkpoints spell it: ``"4 5 0,2:0,5"``: full shape, then start,length."""
        shape = " ".join(str(size) for size in self.full_shape or [])
        pairs = zip(self.var_offset or [], self.var_shape or [], strict=True)
        return shape + " " + ":".join(f"{start},{length}" for start, length in pairs)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A SaveSliceInfoDef, or None if the variable lies outside `export_scope`."""
        name = self.full_name or ""
        if export_scope and not name.startswith(export_scope):
            return None
        return protos.SaveSliceInfoDef(
            full_name=_without_scope(name, export_scope),
            full_shape=self.full_shape or [],
            var_offset=self.var_offset or [],
            var_shape=self.var_shape or [],
        )


def _with_scope(name: str, scope: str | None) -> str:
    return f"{scope}/{name}" if scope else name


def _without_scope(name: str, scope: str | None) -> str:
    return name[len(scope) :].lstrip("/") if scope and name.startswith(scope) else name


class VariableProto:
    """Conversion of a variable to and from a VariableDef."""

    _variable: Tensor
    _initial_value: Tensor
    _initializer_op: Operation
    _snapshot: Tensor
    _trainable: bool
    _save_slice_info: SaveSliceInfo | None
    _synchronization: VariableSynchronization
    _aggregation: VariableAggregation

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        return self._save_slice_info

    def _set_save_slice_info(self, save_slice_info: SaveSliceInfo | None) -> None:
        self._save_slice_info = save_slice_info

    def _init_from_proto(self, variable_def: Any, import_scope: str | None) -> None:
        """Find the variable's nodes in the default graph by the names in the message."""
        graph = get_default_graph()

        def node(name: str) -> Any:
            return graph.as_graph_element(_with_scope(name, import_scope))

        self._variable = node(variable_def.variable_name)
        self._initializer_op = node(variable_def.initializer_name)
        if variable_def.initial_value_name:
            self._initial_value = node(variable_def.initial_value_name)
        else:
            self._initial_value = self._initializer_op.inputs[1]
        self._snapshot = node(variable_def.snapshot_name)
        self._synchronization = VariableSynchronization(variable_def.synchronization)
        self._aggregation = VariableAggregation(variable_def.aggregation)
        self._trainable = bool(variable_def.trainable)
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = SaveSliceInfo(
                save_slice_info_def=variable_def.save_slice_info_def, import_scope=import_scope
            )

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A VariableDef, or None if the variable lies outside `export_scope`."""
        if export_scope and not self._variable.name.startswith(export_scope):
            return None

        def name_of(element: Any) -> str:
            return _without_scope(element.name, export_scope)

        message = protos.VariableDef(
            variable_name=name_of(self._variable),
            initial_value_name=name_of(self._initial_value),
            initializer_name=name_of(self._initializer_op),
            snapshot_name=name_of(self._snapshot),
            trainable=self._trainable,
            synchronization=self._synchronization.value,
            aggregation=self._aggregation.value,
        )
        if self._save_slice_info is not None:
            part = self._save_slice_info.to_proto(export_scope)
            if part is not None:
                message.save_slice_info_def.CopyFrom(part)
        return message

    @classmethod
    def from_proto(cls, variable_def: Any, import_scope: str | None = None) -> Any:
        """The variable of the default graph that the message names."""
        return cls(variable_def=variable_def, import_scope=import_scope)  # type: ignore[call-arg]
