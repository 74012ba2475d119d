"""The samples of the op declarations, in the form in which they are recorded and replayed."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from dataclasses import dataclass
from typing import Any

import numpy as np

import flowgraph.ops
from flowgraph.dtypes import DType, as_dtype
from flowgraph.graph.convert import string_array
from flowgraph.graph.opdef import MISSING, Arg, OpDef, Sample, registered
from flowgraph.shapes import TensorShape
from support.archive import Array

__all__ = ["Case", "all_ops", "cases", "cases_of", "plain_attrs", "plain_value", "topic_of"]


@dataclass(frozen=True)
class Case:
    """One sample of one op.

    Attributes:
        key: names the case in the recordings; it changes with the sample's content.
        inputs: arrays of the types that the op takes, one per argument (lists for list arguments).
    """

    definition: OpDef
    number: int
    key: str
    inputs: list[Any]
    sample: Sample

    @property
    def label(self) -> str:
        return f"{self.definition.name}-{self.number}"

    @property
    def attrs(self) -> dict[str, Any]:
        return dict(self.sample.attrs)

    @property
    def flat_inputs(self) -> list[Array]:
        """The arrays, list arguments taken apart."""
        flat: list[Array] = []
        for each in self.inputs:
            flat.extend(each) if isinstance(each, list) else flat.append(each)
        return flat


def all_ops() -> dict[str, OpDef]:
    """Every declared op, by type."""
    for module in pkgutil.iter_modules(flowgraph.ops.__path__, "flowgraph.ops."):
        importlib.import_module(module.name)
    return registered()


def cases_of(definition: OpDef) -> list[Case]:
    """The cases of one op."""
    return [
        _case(definition, number, sample) for number, sample in enumerate(definition.all_samples())
    ]


def cases(*, errors: bool = False) -> list[Case]:
    """The cases of all ops: those that must work, or those that must raise."""
    found = [case for name in sorted(all_ops()) for case in cases_of(all_ops()[name])]
    return [case for case in found if bool(case.sample.raises) == errors]


def topic_of(definition: OpDef) -> str:
    """The module that declares the op."""
    for function in (definition.grad, definition.numpy, definition.shape):
        module = str(getattr(function, "__module__", ""))
        if module.startswith("flowgraph.ops."):
            return module.removeprefix("flowgraph.ops.")
    return "other"


def _case(definition: OpDef, number: int, sample: Sample) -> Case:
    types = {
        key: as_dtype(value) for key, value in sample.attrs.items() if _is_type(definition, key)
    }
    inputs: list[Any] = []
    for arg, value in zip(definition.inputs, sample.inputs, strict=True):
        if arg.is_list:
            inputs.append([_fitted(arg, types, sample, each) for each in value])
        else:
            inputs.append(_fitted(arg, types, sample, value))
    return Case(definition, number, _key(definition, inputs, sample.attrs), inputs, sample)


def _is_type(definition: OpDef, key: str) -> bool:
    return definition.attrs[key].kind == "type"


def _fitted(arg: Arg, types: dict[str, DType], sample: Sample, value: Any) -> Array:
    """`value` in the type of its argument, where that is of the same kind.

    A sample that must raise may do so because of its types: those stay as they are.
    """
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return string_array(array)
    wanted = arg.dtype or types.get(arg.type_attr)
    if wanted is None:
        types[arg.type_attr] = as_dtype(array.dtype)
    elif wanted.np.kind == array.dtype.kind and (arg.dtype is not None or not sample.raises):
        array = array.astype(wanted.np)
    return array


def _key(definition: OpDef, inputs: list[Any], attrs: dict[str, Any]) -> str:
    digest = hashlib.sha1(json.dumps(plain_attrs(definition, attrs), sort_keys=True).encode())
    for value in inputs:
        for array in value if isinstance(value, list) else [value]:
            content = b"\0".join(array.reshape(-1)) if array.dtype == object else array.tobytes()
            digest.update(f"{array.dtype.name}{array.shape}".encode() + content)
        digest.update(b"|")
    return f"{definition.name}/{digest.hexdigest()[:12]}"


def plain_attrs(definition: OpDef, attrs: dict[str, Any]) -> dict[str, list[Any]]:
    """Attributes as ``name: [kind, JSON value]``."""
    return {
        name: [definition.attrs[name].kind, plain_value(definition.attrs[name].kind, value)]
        for name, value in attrs.items()
    }


def plain_value(kind: str, value: Any) -> Any:
    """An attribute's value as JSON; types are names, shapes lists or None."""
    if value is MISSING:
        return None
    if kind.startswith("list("):
        element = kind[len("list(") : -1]
        return [plain_value(element, each) for each in value]
    if kind == "type":
        return as_dtype(value).name
    if kind == "shape":
        shape = value if isinstance(value, TensorShape) else TensorShape(value)
        return None if shape.rank is None else shape.as_list()
    if kind == "tensor":
        array = np.asarray(value)
        return {"dtype": array.dtype.name, "shape": list(array.shape), "value": array.tolist()}
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value.name if isinstance(value, DType) else value
