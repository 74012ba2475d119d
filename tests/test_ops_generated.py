"""Tests made from the samples of the op declarations: every op against TensorFlow and itself.

A new op needs no test here: its samples make one of each kind. What TensorFlow gives for them is
recorded in ``tests/oracle``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from flowgraph import dtypes
from support import oracle, recipe
from support.oracle import assert_close, recording
from support.running import MODES, Built, call_kernel
from support.samples import Case, all_ops, cases

OPS = sorted(all_ops())
CASES = cases()

# Ops that samples cannot run, and why.
NO_SAMPLES = {
    "Const": "its value is an attribute; every other sample contains one",
    "Placeholder": "it has no value of its own; every other sample feeds one",
    "VariableV2": "storage; the samples of the assigning ops contain it",
    "Variable": "storage, as VariableV2",
    "NoOp": "it computes nothing",
    "PyFunc": "its attribute is a registered Python function",
    "PyFuncStateless": "its attribute is a registered Python function",
    "SaveV2": "it writes files; the Saver's tests run it",
    "RestoreV2": "it reads files; the Saver's tests run it",
    "MergeV2Checkpoints": "it renames files; the Saver's tests run it",
    "TensorArrayV3": "its result is a handle; the programs of arrays run all of these",
    "TensorArrayGradV3": "it takes the handle of an array",
    "TensorArrayGradWithShape": "it takes the handle of an array",
    "TensorArrayReadV3": "it takes the handle of an array",
    "TensorArrayWriteV3": "it takes the handle of an array",
    "TensorArrayGatherV3": "it takes the handle of an array",
    "TensorArrayScatterV3": "it takes the handle of an array",
    "TensorArrayConcatV3": "it takes the handle of an array",
    "TensorArraySplitV3": "it takes the handle of an array",
    "TensorArraySizeV3": "it takes the handle of an array",
    "TensorArrayCloseV3": "it takes the handle of an array",
    "MatrixExponential": "later graph versions lack it; the programs of linear algebra run it",
    "EncodePng": "its bytes depend on the version of zlib; the images' tests decode them",
    "GatherTree": "it is of tf.contrib; the tests of beam search run it",
    "ImageSummary": "its PNG files depend on the version of zlib; the summaries' tests decode them",
    "Timestamp": "the time differs at every run",
    "ReadFile": "it reads files; the programs of the readers run it",
    "WriteFile": "it writes files; the programs of the readers run it",
    "MatchingFiles": "it looks for files; the programs of the readers run it",
    "AddSparseToTensorsMap": "its numbers mean something to the session only; as in the next two",
    "AddManySparseToTensorsMap": "the programs of the queues run it",
    "TakeManySparseFromTensorsMap": "the programs of the queues run it",
    "While": "its attributes are functions; the tests of control flow run it",
    "If": "its attributes are functions, as While",
    "EmptyTensorList": "its value is a list; the gradients of loops run it",
    "TensorListPushBack": "it takes a list, as EmptyTensorList",
    "TensorListPopBack": "it takes a list, as EmptyTensorList",
    "_InitializedValue": "it tells whether a variable has a value; the variables' tests run it",
}

# Ops whose values TensorFlow takes from less exact formulas: a factor on the tolerance.
LOOSER: dict[str, float] = {}

# Singular vectors and eigenvectors are determined but for their sign.
UP_TO_SIGN = ("Svd", "SelfAdjointEigV2")

# Ops whose static shapes TensorFlow gets wrong, and how.
WRONG_STATIC_SHAPES = {
    "ExtractVolumePatches": "of rank 4 instead of 5, if a size is unknown",
    "FractionalAvgPool": "that of the sequences lacks their end",
    "FractionalMaxPool": "that of the sequences lacks their end",
}

runs = pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])


def recorded_values(case: Case) -> list[Any]:
    """TensorFlow's outputs, then its variables afterwards."""
    found = recording(case)
    return [*found["values"], *found["after"]]


def has_values(case: Case) -> bool:
    """Whether TensorFlow's CPU build can run the case, and gives the same each time."""
    found = oracle.recording_or_none(case)
    return found is None or ("no kernel" not in found and not is_unseeded(case))


def is_unseeded(case: Case) -> bool:
    attrs = case.definition.attrs
    return "seed2" in attrs and not (case.attrs.get("seed") or case.attrs.get("seed2"))


VALUED = [case for case in CASES if has_values(case)]
SEEDED = [case for case in CASES if not is_unseeded(case)]
valued = pytest.mark.parametrize("case", VALUED, ids=[case.label for case in VALUED])
seeded = pytest.mark.parametrize("case", SEEDED, ids=[case.label for case in SEEDED])


@pytest.mark.parametrize("name", OPS)
def test_op_has_samples(name: str) -> None:
    definition = all_ops()[name]
    # Queues, readers and tables live in a session: programs run what makes and takes their handles.
    handles = any(arg.dtype is dtypes.resource for arg in (*definition.inputs, *definition.outputs))
    assert bool(definition.all_samples()) != (name in NO_SAMPLES or handles)


@pytest.mark.parametrize("case", cases() + cases(errors=True), ids=lambda case: case.label)
def test_sample_is_recorded(case: Case) -> None:
    assert ("errors" in recording(case)) == bool(case.sample.raises)


def copied(case: Case) -> list[Any]:
    return [array.copy() for array in case.flat_inputs]


@valued
def test_kernel_agrees_with_tensorflow(case: Case) -> None:
    built, inputs = Built(case), copied(case)
    found = call_kernel(built, inputs)
    expected = recorded_values(case)
    assert len(found) == len(expected)
    for index, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        what = f"result {index} of {case.label}"
        if theirs is None:
            # Unset, as the singular vectors that nobody asked for.
            continue
        if case.definition.name in UP_TO_SIGN:
            ours, theirs = np.abs(ours), np.abs(theirs)
        assert_close(ours, theirs, what, LOOSER.get(case.definition.name, 1))
    declared = [tensor.dtype.base_dtype.name for tensor in built.outputs]
    assert declared == recording(case)["dtypes"]


@runs
def test_kernel_keeps_its_inputs(case: Case) -> None:
    inputs = copied(case)
    built = Built(case)
    outputs = call_kernel(built, inputs)[: len(built.outputs)]
    for index, (after, before) in enumerate(zip(inputs, case.flat_inputs, strict=True)):
        assert np.array_equal(after, before, equal_nan=after.dtype.kind in "fc"), f"input {index}"
    for output in outputs:
        shared = [i for i, each in enumerate(inputs) if np.may_share_memory(output, each)]
        allowed = [] if case.definition.view is None else [case.definition.view]
        assert set(shared) <= set(allowed), "the result lies in an input that is no declared view"


@seeded
def test_kernel_takes_strided_inputs_and_scalars(case: Case) -> None:
    built = Built(case)
    expected = call_kernel(built, copied(case))
    found = call_kernel(built, [strided(array) for array in case.flat_inputs])
    for index, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        # Sums may run in another order.
        assert_close(ours, theirs, f"result {index} of {case.label}")


def strided(array: Any) -> Any:
    """The same elements, not contiguous in memory; a NumPy scalar for rank 0."""
    if array.ndim == 0:
        return array.copy()[()] if array.dtype != object else array.copy()
    wide = np.zeros([2 * size + 1 for size in array.shape], array.dtype)
    view = wide[(slice(1, None, 2),) * array.ndim]
    view[...] = array
    return view


OUT = [case for case in SEEDED if case.definition.has_out]


@pytest.mark.parametrize("case", OUT, ids=[case.label for case in OUT])
def test_kernel_writes_to_out(case: Case) -> None:
    built = Built(case)
    expected = np.asarray(call_kernel(built, copied(case))[0])
    targets = {"fresh": filled_with_garbage(expected)}
    for index in case.definition.inplace:
        array = case.flat_inputs[index]
        if array.dtype == expected.dtype and array.shape == expected.shape:
            targets[f"input {index}"] = array.copy()
    for name, target in targets.items():
        inputs = copied(case)
        if name != "fresh":
            inputs[int(name.split()[1])] = target
        found = call_kernel(built, inputs, out=target)[0]
        assert np.may_share_memory(found, target) or not expected.size, f"out={name} is not used"
        assert_close(target, expected, f"out={name} of {case.label}")


def filled_with_garbage(like: Any) -> Any:
    if like.dtype == object:
        return np.full(like.shape, b"garbage", object)
    result = np.empty_like(like)
    result.reshape(-1).view(np.uint8)[...] = 0x55 if like.dtype != bool else 1
    return result


@seeded
@pytest.mark.parametrize("mode", MODES)
def test_session_agrees_with_kernel(case: Case, mode: str) -> None:
    expected = call_kernel(Built(case), copied(case))
    variants = recipe.variants([array.shape for array in case.flat_inputs])
    for name in ("const", "fed", "ranks"):
        built = Built(case, variants[name])
        # Constants are folded, so that a second run would change variables only.
        values, after = built.run(mode)
        for index, (ours, theirs) in enumerate(zip([*values, *after], expected, strict=True)):
            assert_close(ours, theirs, f"result {index} of {case.label} ({name}, {mode})")


REPEATABLE = [
    case
    for case in SEEDED
    if not case.definition.wants_state and not any(arg.is_ref for arg in case.definition.inputs)
]


@pytest.mark.parametrize("case", REPEATABLE, ids=[case.label for case in REPEATABLE])
def test_compiled_runs_repeat(case: Case) -> None:
    built = Built(case)
    once, _ = built.run("compiled")
    thrice, _ = built.run("compiled", times=3)
    for index, (first, third) in enumerate(zip(once, thrice, strict=True)):
        assert_close(third, first, f"output {index} of {case.label}")


@runs
def test_static_shape_is_as_strong_as_tensorflows(case: Case) -> None:
    recorded = recording(case)
    values = recorded.get("values", [])
    executed = [None if value is None else np.shape(value) for value in values]
    problems = []
    for name, forms in recipe.variants([array.shape for array in case.flat_inputs]).items():
        theirs = recorded["shapes"][name]
        if isinstance(theirs, dict):
            # TensorFlow wants to know more here than the op needs to run.
            continue
        static = [tensor.dims for tensor in Built(case, forms).outputs]
        for index, dims in enumerate(static):
            if executed and not oracle.fits_static_shape(dims, executed[index]):
                problems.append(f"{name}: {dims} cannot be {executed[index]}")
            wrong = case.definition.name in WRONG_STATIC_SHAPES
            if not wrong and oracle.is_weaker(dims, theirs[index]):
                problems.append(f"{name}: {dims}, TensorFlow infers {theirs[index]}")
    assert not problems, f"{case.label}\n" + "\n".join(problems)


ERRORS = cases(errors=True)


@pytest.mark.parametrize("form", ["const", "fed"])
@pytest.mark.parametrize("case", ERRORS, ids=[case.label for case in ERRORS])
def test_error(case: Case, form: str) -> None:
    theirs = recording(case)["errors"][form]
    assert theirs is not None, "TensorFlow accepts this"
    stage, kind, message = theirs
    # What is found only when the op runs, TensorFlow says in other words.
    phrase = case.sample.raises
    same_words = form == "const" or re.search(phrase, message) is not None
    built = None
    with pytest.raises(Exception, match=phrase if same_words else None) as raised:
        built = Built(case, recipe.variants([each.shape for each in case.flat_inputs])[form])
        built.run()
    found = raised.type.__name__
    if stage == "build":
        assert built is None, f"TensorFlow raises this when the op is built: {message}"
        assert found == kind, f"TensorFlow: {kind}: {message}"
    else:
        # Finding it earlier than TensorFlow is better.
        expected = kind if built is not None else "ValueError"
        assert found == expected, f"TensorFlow: {kind}: {message}"
    if found != "TypeError":
        assert_describes_inputs(case, str(raised.value))


def assert_describes_inputs(case: Case, text: str) -> None:
    assert "tested" in text, "the message does not name the op"
    for arg, value in zip(case.definition.inputs, case.inputs, strict=True):
        if not arg.is_ref:
            for array in value if isinstance(value, list) else [value]:
                assert shown(list(array.shape)) in text.replace(" ", ""), "a shape is missing"


def shown(shape: list[int]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"
