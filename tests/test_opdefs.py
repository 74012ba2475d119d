"""Every declared op has TensorFlow's arguments, attributes, defaults and types."""

from __future__ import annotations

from typing import Any

import pytest

from flowgraph.dtypes import DType
from flowgraph.graph.opdef import MISSING, Arg, Attr, OpDef
from support.oracle import HOW_TO_RECORD, opdefs
from support.samples import all_ops, plain_value

OPS = sorted(all_ops())

# Ours alone, with the reason.
NOT_IN_TENSORFLOW = {
    "GatherTree": "of tf.contrib, which later versions lack; the tests of beam search run it",
    "_InitializedValue": "stands for the conditional that TensorFlow builds from control flow",
}

# Attributes with a default that TensorFlow got after 1.15.
LATER_ATTRS = {
    ("MatMul", "grad_a"),
    ("MatMul", "grad_b"),
    ("BatchMatMul", "grad_x"),
    ("BatchMatMul", "grad_y"),
    ("BatchMatMulV2", "grad_x"),
    ("BatchMatMulV2", "grad_y"),
    ("ApplyFtrl", "multiply_linear_by_lr"),
    ("ApplyFtrlV2", "multiply_linear_by_lr"),
    ("SparseApplyFtrl", "multiply_linear_by_lr"),
    ("SparseApplyFtrlV2", "multiply_linear_by_lr"),
    ("Equal", "incompatible_shape_error"),
    ("NotEqual", "incompatible_shape_error"),
    ("GatherNd", "bad_indices_policy"),
    ("ScatterNd", "bad_indices_policy"),
    ("ScatterNdAdd", "bad_indices_policy"),
    ("ScatterNdSub", "bad_indices_policy"),
    ("ScatterNdUpdate", "bad_indices_policy"),
    ("TensorScatterAdd", "bad_indices_policy"),
    ("TensorScatterSub", "bad_indices_policy"),
    ("TensorScatterUpdate", "bad_indices_policy"),
    ("MergeV2Checkpoints", "allow_missing_files"),
    ("InitializeTableFromTextFileV2", "offset"),
    ("FusedBatchNorm", "exponential_avg_factor"),
    ("FusedBatchNormV2", "exponential_avg_factor"),
    ("FusedBatchNormV3", "exponential_avg_factor"),
    ("MaxPool", "explicit_paddings"),
    ("MaxPoolGrad", "explicit_paddings"),
    ("DepthwiseConv2dNative", "explicit_paddings"),
    ("DepthwiseConv2dNativeBackpropInput", "explicit_paddings"),
    ("DepthwiseConv2dNativeBackpropFilter", "explicit_paddings"),
    ("CTCGreedyDecoder", "blank_index"),
    ("QuantizeAndDequantizeV2", "axis"),
    ("QuantizeAndDequantizeV3", "axis"),
    ("SparseSegmentMean", "sparse_gradient"),
    ("SparseSegmentMeanWithNumSegments", "sparse_gradient"),
    ("SparseSegmentSqrtN", "sparse_gradient"),
    ("SparseSegmentSqrtNWithNumSegments", "sparse_gradient"),
    ("SparseSegmentSum", "sparse_gradient"),
    ("SparseSegmentSumWithNumSegments", "sparse_gradient"),
}

# Types that TensorFlow 1.15 allowed and later versions do not.
ALLOWED_EARLIER = {
    ("Max", "T"): {"complex64", "complex128"},
    ("Min", "T"): {"complex64", "complex128"},
}

# TensorFlow 1.15's minimum of attributes where a later version has another.
EARLIER_MINIMUM = {("StringJoin", "N"): 1}


def _describe(arg: Arg) -> list[Any]:
    dtype = arg.type_attr or arg.type_list_attr
    if not dtype:
        assert arg.dtype is not None
        dtype = arg.dtype.name
    count = "[]" if arg.type_list_attr else arg.number_attr
    return [arg.name, dtype, count, arg.is_ref]


def _recorded(name: str) -> dict[str, Any]:
    assert name in opdefs(), f"OpDef of {name} is not recorded; {HOW_TO_RECORD}"
    recorded: dict[str, Any] = opdefs()[name]
    return recorded


def test_only_declared_ops_are_recorded() -> None:
    assert sorted(opdefs()) == sorted(set(OPS) - set(NOT_IN_TENSORFLOW))


@pytest.mark.parametrize("name", [name for name in OPS if name not in NOT_IN_TENSORFLOW])
def test_declaration_agrees(name: str) -> None:
    definition, recorded = all_ops()[name], _recorded(name)
    later = _later_types(definition, recorded["attrs"])
    for ours, theirs in ((definition.inputs, "inputs"), (definition.outputs, "outputs")):
        expected = [[arg, later.get(kind, kind), *rest] for arg, kind, *rest in recorded[theirs]]
        assert [_describe(arg) for arg in ours] == expected
    problems = list(_attr_problems(definition, recorded["attrs"]))
    assert not problems, "\n".join(problems)


def _later_types(definition: OpDef, recorded: dict[str, Any]) -> dict[str, Any]:
    """Type attributes that replaced a fixed type after 1.15: that type is their default."""
    return {
        name: theirs["default"]
        for name, theirs in recorded.items()
        if theirs["kind"] == "type" and "default" in theirs and name not in definition.attrs
    }


def _attr_problems(definition: OpDef, recorded: dict[str, Any]) -> Any:
    for name in definition.attrs.keys() - recorded.keys():
        yield f"TensorFlow has no attribute {name}"
    for name, theirs in recorded.items():
        if name in _later_types(definition, recorded):
            continue
        ours = definition.attrs.get(name)
        key = (definition.name, name)
        if ours is not None:
            yield from (f"{name}: {problem}" for problem in _differences(key, ours, theirs))
        elif "default" not in theirs or (definition.name, name) not in LATER_ATTRS:
            yield f"the attribute {name} is missing"


def _differences(key: tuple[str, str], ours: Attr, theirs: dict[str, Any]) -> Any:
    if ours.kind != theirs["kind"]:
        yield f"kind {ours.kind}, not {theirs['kind']}"
    if (ours.default is not MISSING) != ("default" in theirs):
        yield f"default {ours.default!r}, not {theirs.get('default', 'required')!r}"
    elif ours.default is not MISSING and _plain_default(ours) != theirs["default"]:
        yield f"default {_plain_default(ours)!r}, not {theirs['default']!r}"
    minimum = EARLIER_MINIMUM.get(key, theirs.get("minimum"))
    if (ours.minimum or 0) != (minimum or 0):
        yield f"minimum {ours.minimum}, not {minimum}"
    allowed = theirs.get("allowed")
    if ours.allowed is None:
        if allowed is not None:
            yield f"anything is allowed, not only {allowed}"
    else:
        names = {each.name if isinstance(each, DType) else each for each in ours.allowed}
        forbidden = names - set(allowed or names) - ALLOWED_EARLIER.get(key, set())
        if forbidden:
            yield f"{sorted(forbidden)} must not be allowed"


def _plain_default(attr: Attr) -> Any:
    value = plain_value(attr.kind, attr.default)
    return pytest.approx(value, rel=1e-6) if attr.kind == "float" else value


@pytest.mark.parametrize("name", [name for name in OPS if opdefs().get(name, {}).get("stateful")])
def test_stateful_in_tensorflow_is_stateful_here(name: str) -> None:
    assert all_ops()[name].stateful


@pytest.mark.parametrize("name", OPS)
def test_op_is_documented(name: str) -> None:
    assert len(all_ops()[name].doc) >= 10
