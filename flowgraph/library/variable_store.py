"""The variables that `get_variable` made, by name, and how it makes them."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from typing import Any

from flowgraph import callsite, dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import lifted
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.initializers import GlorotUniform, Zeros
from flowgraph.library.partitioned import PartitionedVariable, PartitionInfo, partition
from flowgraph.library.variables import Variable
from flowgraph.shapes import TensorShape

__all__ = ["VariableStore", "accepts"]


def accepts(function: Callable[..., Any], argument: str) -> bool:
    """Whether a function can be called with the argument by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters)


def _needs_no_arguments(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not p.empty or p.kind in variadic for p in parameters)


class VariableStore:
    """One graph's variables by full name."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}
        self.partitioned: dict[str, PartitionedVariable] = {}

    def get(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: Any,
        partitioner: Any,
        **settings: Any,
    ) -> Any:
        """The variable of that name, made or found as `reuse` asks.

        Raises:
            ValueError: if it exists and must not, or must and does not, or does not fit.
        """
        is_scalar = isinstance(shape, list | tuple) and not shape
        if partitioner is not None and not is_scalar:
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            return self._get_partitioned(
                name, shape, dtype, initializer, reuse, partitioner, settings
            )
        if reuse is True and name in self.partitioned:
            return self._get_partitioned(name, shape, dtype, initializer, reuse, None, settings)
        if f"{name}/part_0" in self.variables:
            raise ValueError(
                "No partitioner was provided, but a partitioned version of the variable was found: "
                f"{name}/part_0. Perhaps a variable of the same name was already created with "
                "partitioning?"
            )
        return self._get_single(name, shape, dtype, initializer, reuse, settings)

    def _get_single(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: Any,
        settings: dict[str, Any],
        partition_info: PartitionInfo | None = None,
    ) -> Any:
        if shape is not None and initializer is not None and not callable(initializer):
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        if name in self.variables:
            if reuse is False or reuse is None:
                raise _already_exists(name, self.variables[name])
            return _fitting(self.variables[name], "share variable", name, shape, dtype)
        if reuse is True:
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did "
                "you mean to set reuse=tf.AUTO_REUSE in VarScope?"
            )
        known = TensorShape(shape)
        if initializer is None:
            if shape is None:
                raise ValueError(
                    f"Variable {name} did not get an initializer, so its `shape` argument must be "
                    "specified."
                )
            initializer = _default_initializer(name, dtype)
        variable = self._make(name, known, dtype, initializer, settings, partition_info)
        self.variables[name] = variable
        _add_loss(variable, name, settings.get("regularizer"))
        return variable

    def _make(
        self,
        name: str,
        shape: TensorShape,
        dtype: DType,
        initializer: Any,
        settings: dict[str, Any],
        partition_info: PartitionInfo | None,
    ) -> Any:
        declared: DType | None = dtype.base_dtype
        if isinstance(initializer, type):
            initializer = initializer()
        if not callable(initializer):
            value, declared = initializer, None
        elif shape.is_fully_defined():
            given: dict[str, Any] = {"dtype": declared}
            if accepts(initializer, "partition_info"):
                given["partition_info"] = partition_info
            value = _bound(initializer, shape.as_list(), given)
        elif _needs_no_arguments(initializer):
            value, declared = initializer, None
        else:
            raise ValueError(
                "The initializer passed is not valid. It should be a callable with no arguments "
                "and the shape should not be provided or an instance of `tf.keras.initializers.*' "
                "and `shape` should be fully defined."
            )
        given = {key: setting for key, setting in settings.items() if key != "regularizer"}
        return Variable(initial_value=value, name=name, dtype=declared, **given)

    def _get_partitioned(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: Any,
        partitioner: Any,
        settings: dict[str, Any],
    ) -> PartitionedVariable:
        constant = initializer is not None and not callable(initializer)
        if constant and shape is not None and not isinstance(initializer, Tensor):
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        if name in self.partitioned:
            if reuse is False or reuse is None:
                raise ValueError(
                    f"Partitioned variable with name {name} already exists. Did you mean to set "
                    "reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
                )
            found = self.partitioned[name]
            _fitting(found, "reuse partitioned variable", name, shape, dtype)
            return found
        if reuse is True:
            raise ValueError(
                f"PartitionedVariable {name} does not exist, or was not created with "
                "tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in "
                "VarScope?"
            )
        if constant:
            initializer = convert_to_tensor(initializer, dtype.base_dtype)
            shape = initializer.shape
        whole = TensorShape(shape)
        slicing, parts = partition(partitioner, whole, dtype)
        made = []
        for index, (offset, size) in enumerate(parts):
            part_name = f"{name}/part_{index}"
            info = PartitionInfo(whole.as_list(), offset)
            start = initializer
            part_shape: list[int] | None = size
            if constant:
                graph = get_default_graph()
                with graph.name_scope(part_name + "/PartitionedInitializer"):
                    start, part_shape = apply("Slice", initializer, offset, size), None
            variable = self._get_single(part_name, part_shape, dtype, start, reuse, settings, info)
            variable._set_save_slice_info(
                Variable.SaveSliceInfo(name, whole.as_list(), offset, size)
            )
            made.append(variable)
        found = PartitionedVariable(name, whole, dtype, made, slicing)
        self.partitioned[name] = found
        return found


def _bound(
    initializer: Callable[..., Any], shape: list[Any], given: dict[str, Any]
) -> Callable[[], Any]:
    return lambda: initializer(shape, **given)


def _already_exists(name: str, variable: Any) -> ValueError:
    stack = variable.op.traceback[::-1]
    frames = [frame for frame in stack if not callsite._is_internal(frame.filename)][:5]
    listed = "".join(
        traceback.format_list(
            [traceback.FrameSummary(f.filename, f.lineno, f.name, line=f.line) for f in frames]
        )
    )
    return ValueError(
        f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
        f"reuse=tf.AUTO_REUSE in VarScope? Originally defined at:\n\n{listed}"
    )


def _fitting(found: Any, what: str, name: str, shape: Any, dtype: DType) -> Any:
    """`found`, if it can stand for a variable of that shape and type."""
    wanted = TensorShape(shape)
    if not wanted.is_compatible_with(found.get_shape()):
        raise ValueError(
            f"Trying to {what} {name}, but specified shape {wanted} and found shape "
            f"{found.get_shape()}."
        )
    if dtype.base_dtype is not found.dtype.base_dtype:
        raise ValueError(
            f"Trying to {what} {name}, but specified dtype {dtype.name} and found dtype "
            f"{found.dtype.name}."
        )
    return found


def _default_initializer(name: str, dtype: DType) -> Any:
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype.base_dtype is dtypes.string:
        return Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _add_loss(variable: Any, name: str, regularizer: Any) -> None:
    if not regularizer:
        return
    with (
        lifted() as graph,
        graph.colocate_with(variable.op),
        graph.name_scope(name + "/Regularizer/"),
    ):
        loss = regularizer(variable)
    if loss is not None:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
