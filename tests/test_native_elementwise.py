"""Native kernels of elementwise groups: every op, shape and kind of array against NumPy."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph import dtypes
from flowgraph.backends.native import fused, kernels
from flowgraph.backends.native.calls import check_array_layout
from flowgraph.backends.native.engine import Engine, Machine
from flowgraph.backends.native.kernels import call_of
from flowgraph.backends.native.recipe import _FORMULAS, Number, Recipe, Step, recipe_of, supports
from flowgraph.compiler.program import Instr, Program, Value, source
from flowgraph.graph.opdef import OpDef, Sample, lookup, registered

Array = np.ndarray[Any, Any]
SMALL = Engine(Machine.host(limit=32))
GUARD = 67


def instruction(definition: OpDef, arrays: list[Array], attrs: dict[str, Any]) -> Instr:
    """An instruction on feeds like `arrays`, with the attributes that follow from them."""
    inputs = [source(dtypes.as_dtype(a.dtype), a.shape, f"x{i}") for i, a in enumerate(arrays)]
    known = {key: spec.default for key, spec in definition.attrs.items()}
    known |= {arg.type_attr: v.dtype for arg, v in zip(definition.inputs, inputs, strict=False)}
    known |= {"N": len(arrays)} | attrs
    instr = Instr(definition, inputs, known, None)
    shape = definition.infer(inputs, known)[0]
    instr.outputs = [Value(instr, 0, definition.output_dtypes(known)[0], shape, "y")]
    return instr


def guarded(shape: tuple[int, ...], dtype: Any) -> tuple[Array, Array]:
    """(array of a shape, the memory that it lies in, with `GUARD` bytes of 0xA5 on both sides)."""
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.full(count + 2 * GUARD + 64, 0xA5, np.uint8)
    start = GUARD + -(memory.ctypes.data + GUARD) % np.dtype(dtype).itemsize
    return memory[start : start + count].view(dtype).reshape(shape), memory


def run_natively(instr: Instr, arrays: list[Array], engine: Engine | None = None) -> Array:
    """The result of one instruction as a kernel; what lies around it must not change."""
    program = Program(list(instr.inputs), [instr], list(instr.outputs))
    result = instr.outputs[0]
    assert result.dims is not None
    shape = tuple(size for size in result.dims if size is not None)
    fast, _ = call_of(recipe_of(program), shape, [a.shape for a in arrays], engine)
    out, memory = guarded(shape, result.dtype.np)
    before = memory.copy()
    assert fast(out, *arrays)
    found = out.copy()
    out[...] = before[: out.nbytes].view(out.dtype).reshape(shape)
    np.testing.assert_array_equal(memory, before)
    return found


def samples() -> list[Any]:
    """The samples of all ops that kernels are made of."""
    names = [
        name
        for name, definition in sorted(registered().items())
        if definition.expr is not None or name in _FORMULAS or name in ("AddN", "Cast")
    ]
    return [
        pytest.param(name, sample, id=f"{name}-{number}")
        for name in names
        for number, sample in enumerate(lookup(name).all_samples())
        if not sample.raises and supports(instruction(lookup(name), flat(sample), sample.attrs))
    ]


def flat(sample: Sample) -> list[Array]:
    listed = isinstance(sample.inputs[0], list)
    return [np.array(each, order="C") for each in (sample.inputs[0] if listed else sample.inputs)]


@pytest.mark.parametrize(("name", "sample"), samples())
@pytest.mark.parametrize("engine", [None, SMALL], ids=["host", "small"])
def test_ops_agree_with_their_numpy_kernels(
    name: str, sample: Sample, engine: Engine | None
) -> None:
    arrays = flat(sample)
    instr = instruction(lookup(name), arrays, sample.attrs)
    found = run_natively(instr, arrays, engine)
    keywords = instr.definition.kernel_keywords(instr.attrs)
    with np.errstate(all="ignore"):
        expected = np.asarray(
            instr.definition.numpy(*instr.definition.group(arrays, instr.attrs), **keywords)
        )
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert_close(found, expected)


def assert_close(found: Array, expected: Array, ulps: float = 16) -> None:
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
        return
    allowed = ulps * np.finfo(expected.dtype).eps
    np.testing.assert_allclose(found, expected, rtol=allowed, atol=allowed / 16)


def test_all_expressions_are_native() -> None:
    names = {each.values[0] for each in samples()}
    expressions = {name for name, each in registered().items() if each.expr is not None}
    assert expressions <= names
    assert {"Add", "AddN", "BiasAdd", "Cast", "Pow", "Select", "SelectV2", "Erf"} <= names


SIZES = st.sampled_from([0, 1, 2, 3, 5, 13, 16, 17, 31, 64, 65, 101])


@st.composite
def broadcasts(draw: Any) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """A shape and three that broadcast to it."""
    output = tuple(draw(st.lists(SIZES, min_size=1, max_size=3)))
    shapes = []
    for _ in range(3):
        kept = output[draw(st.integers(0, len(output))) :]
        shapes.append(tuple(1 if draw(st.booleans()) else size for size in kept))
    return output, shapes


@settings(max_examples=60)
@given(broadcasts(), st.sampled_from(["float32", "float64", "int32", "int64"]))
def test_broadcasting(case: Any, dtype: str) -> None:
    output, shapes = case
    rng = np.random.default_rng(3)
    arrays = [rng.integers(-50, 50, shape).astype(dtype) for shape in [output, *shapes]]
    steps = (
        Step("multiply", (0, 1), dtype),
        Step("less", (2, 4), "bool"),
        Step("subtract", (4, 3), dtype),
        Step("where", (5, 6, Number("7", dtype)), dtype),
    )
    recipe = Recipe((dtype,) * 4, steps)
    fast, _ = call_of(recipe, output, [output, *shapes])
    out, memory = guarded(output, dtype)
    before = memory.copy()
    assert fast(out, *arrays)
    product = arrays[0] * arrays[1]
    expected = np.where(arrays[2] < product, product - arrays[3], np.array(7, dtype))
    np.testing.assert_array_equal(out, expected)
    out[...] = before[: out.nbytes].view(dtype).reshape(output)
    np.testing.assert_array_equal(memory, before)
    # Over its first input, which has the shape of the result.
    assert fast(arrays[0], *arrays)
    np.testing.assert_array_equal(arrays[0], expected)


@pytest.mark.parametrize("size", [4095, 4096, 4097, 5003, 8192, 8191 + 64])
def test_large_arrays_have_tails_too(size: int) -> None:
    x = np.linspace(-3, 3, size, dtype=np.float32)
    instr = instruction(lookup("Tanh"), [x], {})
    assert_close(run_natively(instr, [x]), np.tanh(x))


CASTS = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "float32", "float64"]


@pytest.mark.parametrize("target", CASTS)
@pytest.mark.parametrize("origin", CASTS)
def test_casts(origin: str, target: str) -> None:
    low = -100 if not origin.startswith("u") and not target.startswith("u") else 0
    x = np.linspace(low, 100, 77).astype(origin)
    attrs = {"DstT": dtypes.as_dtype(target), "SrcT": dtypes.as_dtype(origin)}
    instr = instruction(lookup("Cast"), [x], attrs)
    np.testing.assert_array_equal(run_natively(instr, [x]), x.astype(target))


def adder(shape: tuple[int, ...], dtype: str = "float32") -> tuple[Any, Any]:
    recipe = Recipe((dtype, dtype), (Step("add", (0, 1), dtype),))
    return call_of(recipe, shape, [shape, ()])


REFUSED = {
    "transposed": lambda x: np.asfortranarray(x),
    "strided": lambda x: np.repeat(x, 2, axis=0)[::2],
    "of another type": lambda x: x.astype(np.float64),
    "in another byte order": lambda x: x.astype(">f4"),
    "a list": lambda x: x.tolist(),
    "unaligned": lambda x: np.frombuffer(b"-" + x.tobytes(), np.float32, offset=1).reshape(x.shape),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_builtin_refuses_what_the_other_copies(kind: str) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    one = np.float32(1)
    fast, careful = adder(x.shape)
    out = np.zeros_like(x)
    odd = REFUSED[kind](x)
    assert fast(out, odd, one) is False
    assert not out.any()
    assert careful(out, odd, one) is True
    np.testing.assert_array_equal(out, x + 1)


def test_wrong_sizes_and_counts_are_refused() -> None:
    fast, careful = adder((2, 3))
    out, x = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)
    assert fast(out, x[:1].copy(), np.float32(1)) is False
    assert fast(out, x) is False
    assert fast() is False
    with pytest.raises(tf.errors.InternalError, match="was given"):
        careful(out, x[:1], np.float32(1))


def test_numbers_may_be_arrays_or_scalars() -> None:
    x = np.arange(5, dtype=np.float64)
    fast, _ = adder((5,), "float64")
    for number in (np.float64(2), np.array(2.0)):
        out = np.empty(5)
        assert fast(out, x, number)
        np.testing.assert_array_equal(out, x + 2)
    assert fast(np.empty(5), x, np.float32(2)) is False


def test_equal_groups_are_one_kernel() -> None:
    recipe = Recipe(("float32",), (Step("multiply", (0, Number("0.125", "float32")), "float32"),))
    before = len(kernels._KERNELS)
    for shape in ((3,), (7, 5), (2, 2, 2)):
        call_of(recipe, shape, [shape])
    assert len(kernels._KERNELS) == before + 1


def test_zeros_of_both_signs_are_different_constants() -> None:
    x = np.full(3, -0.0)
    for text in ("0.0", "-0.0"):
        recipe = Recipe(("float64",), (Step("add", (0, Number(text, "float64")), "float64"),))
        out = np.empty(3)
        assert call_of(recipe, (3,), [(3,)])[0](out, x)
        assert np.signbit(out).all() == (text == "-0.0")


def test_threads_share_kernels() -> None:
    size = 100_000
    recipe = Recipe(("float64",), (Step("square", (0,), "float64"), Step("exp", (1,), "float64")))
    failures: list[Any] = []

    def work(number: int) -> None:
        x, out = np.full(size, number / 10), np.empty(size)
        fast, _ = call_of(recipe, (size,), [(size,)])
        for _ in range(30):
            out.fill(0)
            if not fast(out, x) or not np.allclose(out, np.exp((number / 10) ** 2)):
                failures.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_arrays_lie_in_memory_as_assumed() -> None:
    assert check_array_layout()
    assert not fused.unusable_because()


def test_a_kernel_that_does_not_compile_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(fused, "call_of", broken)
    monkeypatch.setattr(fused, "_WARNINGS", [])
    monkeypatch.setenv("FLOWGRAPH_BACKEND", "native")
    x = np.linspace(0, 1, 3000, dtype=np.float32)
    with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = tf.placeholder(tf.float32, [3000])
        first = tf.tanh(given * 2, name="curve")
        second = tf.exp(given - 1)
        with tf.Session() as session:
            for _ in range(3):
                found = session.run([first, second], {given: x})
    np.testing.assert_allclose(found, [np.tanh(x * 2), np.exp(x - 1)], rtol=1e-6)
    assert [str(each.message) for each in caught] == [
        "no native code for 'curve' and ops like it: RuntimeError('no such instruction')"
    ]


def test_the_backend_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWGRAPH_BACKEND", "cuda")
    with tf.Graph().as_default(), pytest.raises(ValueError, match="it is one of reference, python"):
        tf.Session()


def test_native_code_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "unusable_because", lambda: "there is no LLVM")
    monkeypatch.setattr(fused, "AUTOMATIC", "native")
    with pytest.raises(RuntimeError, match="there is no LLVM"):
        fused.fusible_by("native")
    assert fused.fusible_by("auto") is None
    assert fused.fusible_by("python") is None


def test_importing_does_not_load_llvm() -> None:
    code = "import sys, flowgraph; assert 'llvmlite' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
