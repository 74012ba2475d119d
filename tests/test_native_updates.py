"""Native kernels that change variables and look up rows, against NumPy's."""

from __future__ import annotations

import os
import threading
import warnings
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import errors
from flowgraph.backends.native import pool, updates
from flowgraph.backends.native.engine import Engine, Machine, host_engine
from flowgraph.backends.native.rules import RULES
from flowgraph.compiler.program import READ, Instr, Value
from support.updates import Arguments, guarded, instruction, never, numpy_kernel, unharmed

pytest.importorskip("llvmlite")

Array = Any
SIZES = [0, 1, 3, 17, 1023, 4099]
ROW_OPS = sorted(name for name in RULES if name.startswith(("Sparse", "Scatter")))
WHOLE_OPS = sorted(name for name in RULES if name.startswith("Apply"))
VARIANTS = {"use_nesterov": [False, True], "update_slots": [True, False]}


def variants(names: list[str]) -> list[Any]:
    """Each op by each value of the attribute that changes its formula."""
    found = []
    for name in names:
        attrs = RULES[name].options(dict.fromkeys(VARIANTS))
        cases = [{attr: value} for attr in attrs for value in VARIANTS[attr]] or [{}]
        found += [
            pytest.param(name, c, id=f"{name}-{''.join(map(str, c.values()))}") for c in cases
        ]
    return found


@pytest.fixture(scope="module", params=[16, 32, 64])
def engine(request: Any) -> Engine:
    """Engines with vectors of several widths, as far as this machine has them."""
    machine = Machine.host(limit=request.param)
    if machine.vector_bytes != request.param:
        pytest.skip("this machine has no such vectors")
    return Engine(machine)


def check_like_numpy(instr: Instr, given: Arguments, same: Arguments, kernel: Any) -> None:
    assert kernel(*given.values) is given.cells[0]
    numpy_kernel(instr)(*same.values)
    for cell, expected in zip(given.cells, same.arrays, strict=True):
        assert cell.value.dtype == expected.dtype
        np.testing.assert_array_max_ulp(cell.value, expected, maxulp=4)
    assert given.unharmed()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("op_type", "attrs"), variants(WHOLE_OPS))
def test_whole_variables_change_as_with_numpy(
    op_type: str, attrs: dict[str, Any], dtype: str, engine: Engine
) -> None:
    instr = instruction(op_type, dtype, **attrs)
    kernel = updates.replacement(instr, never, engine)
    for size in SIZES:
        check_like_numpy(instr, Arguments(instr, (size,)), Arguments(instr, (size,)), kernel)
    check_like_numpy(instr, Arguments(instr, (5, 7)), Arguments(instr, (5, 7)), kernel)
    check_like_numpy(instr, Arguments(instr, ()), Arguments(instr, ()), kernel)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("op_type", "attrs"), variants(ROW_OPS))
def test_rows_change_as_with_numpy(
    op_type: str, attrs: dict[str, Any], dtype: str, index: str, engine: Engine
) -> None:
    instr = instruction(op_type, dtype, index, **attrs)
    kernel = updates.replacement(instr, never, engine)
    some = np.array([2, 0, 2, 5, 2], index)
    for shape in [(6,), (6, 1), (6, 3), (6, 17), (6, 5, 7), (6, 0)]:
        for rows in (some, some[:1], some[:0]):
            given, same = (Arguments(instr, shape, rows) for _ in range(2))
            check_like_numpy(instr, given, same, kernel)


@pytest.mark.parametrize("op_type", ["AssignAdd", "AssignSub", "ApplyAdam"])
def test_large_variables_are_shared_among_threads(op_type: str) -> None:
    instr = instruction(op_type, "float32")
    kernel = updates.replacement(instr, never)
    for size in (pool.split_from(4 * 3), pool.split_from(4 * 3) + 4099):
        check_like_numpy(instr, Arguments(instr, (size,)), Arguments(instr, (size,)), kernel)


def test_a_kernel_is_done_when_its_threads_are() -> None:
    instr = instruction("ApplyAdam", "float32")
    kernel = updates.replacement(instr, never)
    given, same = (Arguments(instr, (pool.split_from(4),)) for _ in range(2))
    numpy_kernel(instr)(*same.values)
    kernel(*given.values)
    # What a thread would not have written yet.
    sample = given.arrays[0][::1013].copy()
    np.testing.assert_array_equal(sample, same.arrays[0][::1013])


def test_threads_of_python_may_come_at_once() -> None:
    instr = instruction("ApplyMomentum", "float32")
    size = pool.split_from(4)
    given = [Arguments(instr, (size,), seed=seed) for seed in range(4)]
    same = [Arguments(instr, (size,), seed=seed) for seed in range(4)]
    kernels = [updates.replacement(instr, never) for _ in given]

    def work(index: int) -> None:
        for _ in range(5):
            kernels[index](*given[index].values)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(given))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, expected in zip(given, same, strict=True):
        for _ in range(5):
            numpy_kernel(instr)(*expected.values)
        for array, wanted in zip(got.arrays, expected.arrays, strict=True):
            np.testing.assert_array_equal(array, wanted)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_processes_compute_alone() -> None:
    instr = instruction("ApplyGradientDescent", "float32")
    kernel = updates.replacement(instr, never)
    given, same = (Arguments(instr, (pool.split_from(4),)) for _ in range(2))
    kernel(*given.values)
    with warnings.catch_warnings():
        # Python dislikes forks of processes with threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        kernel(*given.values)
        for _ in range(2):
            numpy_kernel(instr)(*same.values)
        os._exit(0 if np.array_equal(given.arrays[0], same.arrays[0]) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_denormals_count_as_zero_inside_a_kernel_only() -> None:
    instr = instruction("ApplyMomentum", "float32")
    kernel = updates.replacement(instr, never)
    tiny = np.float32(2.0**-140)
    for size in (37, pool.split_from(4)):
        given = Arguments(instr, (size,))
        var, accum = given.arrays
        accum.fill(tiny)
        given.values[given.gradient] = np.full(size, tiny)
        before = var.copy()
        kernel(*given.values)
        assert not accum.any()
        np.testing.assert_array_equal(var, before)
    numbers = np.full(64, tiny)
    np.testing.assert_array_equal(numbers + numbers, np.ldexp(numbers, 1))
    assert (np.full(64, np.float32(1e-30)) * np.float32(1e-12)).all()


@pytest.mark.parametrize("power", [-0.75, 0.0])
def test_other_powers_of_ftrl_are_numpys(power: float) -> None:
    for op_type, indices in (("ApplyFtrl", None), ("SparseApplyFtrlV2", np.array([3, 1, 3]))):
        instr = instruction(op_type, "float64", "int64")
        kernel = updates.replacement(instr, numpy_kernel(instr))
        given, same = (Arguments(instr, (4, 3), indices) for _ in range(2))
        for arguments in (given, same):
            place = [arg.name for arg in instr.definition.inputs].index("lr_power")
            arguments.values[place] = np.float64(power)
        check_like_numpy(instr, given, same, kernel)


def test_infinities_and_nans_as_with_numpy() -> None:
    odd = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e38, -1e38, 1.0] * 3, np.float32)
    for op_type in WHOLE_OPS:
        instr = instruction(op_type, "float32")
        given, same = (Arguments(instr, odd.shape) for _ in range(2))
        for arguments in (given, same):
            for shift, array in enumerate(
                [*arguments.arrays[1:], arguments.values[given.gradient]]
            ):
                array[:] = np.roll(odd, 3 * shift)
        with np.errstate(all="ignore"):
            check_like_numpy(instr, given, same, updates.replacement(instr, never))


def test_a_gradient_may_be_the_variable_or_lie_across_it() -> None:
    instr = instruction("ApplyMomentum", "float32")
    instr.inputs[3] = read_value(instr)
    kernel = updates.replacement(instr, numpy_kernel(instr))
    for start, stop in ((0, 40), (1, 41), (3, 43)):
        pair = []
        for _ in range(2):
            arguments = Arguments(instr, (40,))
            whole = np.arange(50, dtype=np.float32) / 7
            arguments.cells[0].value = whole[1:41]
            arguments.values[arguments.gradient] = whole[start:stop]
            pair.append(arguments)
        kernel(*pair[0].values)
        numpy_kernel(instr)(*pair[1].values)
        for array, wanted in zip(pair[0].arrays, pair[1].arrays, strict=True):
            np.testing.assert_array_equal(array, wanted)


def read_value(instr: Instr) -> Any:
    """A value as a read of a variable gives it, in the place of the gradient."""
    given = instr.inputs[3]
    read = Instr(READ, [instr.inputs[0]], {"T": given.dtype, "copy": False}, None)
    return Value(read, 0, given.dtype, None, "read")


def test_what_does_not_fit_goes_to_numpy() -> None:
    instr = instruction("ApplyMomentum", "float32")
    kernel = updates.replacement(instr, numpy_kernel(instr))
    given, same = (Arguments(instr, (6, 4)) for _ in range(2))
    for arguments in (given, same):
        arguments.values[arguments.gradient] = np.ones((4, 6), np.float32).T
    check_like_numpy(instr, given, same, kernel)
    given.values[given.gradient] = np.ones((4, 6), np.float32)
    with pytest.raises(errors.InvalidArgumentError, match="do not have the same shape"):
        kernel(*given.values)
    given.cells[1].value = None
    with pytest.raises(errors.FailedPreconditionError, match="uninitialized value accum"):
        kernel(*given.values)


@pytest.mark.parametrize("bad", [6, -1, 2**31 - 1])
def test_rows_out_of_range_change_nothing(bad: int) -> None:
    for op_type in ROW_OPS:
        instr = instruction(op_type, "float32")
        kernel = updates.replacement(instr, numpy_kernel(instr))
        given = Arguments(instr, (6, 3), np.array([1, bad], np.int32))
        before = [array.copy() for array in given.arrays]
        with pytest.raises(errors.InvalidArgumentError, match=r"is out of range|is not in"):
            kernel(*given.values)
        for array, wanted in zip(given.arrays, before, strict=True):
            np.testing.assert_array_equal(array, wanted)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("op_type", ["Gather", "GatherV2"])
def test_rows_are_looked_up(op_type: str, dtype: str, index: str, engine: Engine) -> None:
    instr = instruction(op_type, dtype, index)
    kernel = updates.replacement(instr, never, engine)
    axis = [np.int32(0)] if op_type == "GatherV2" else []
    for shape in [(6,), (6, 3), (6, 17), (6, 5, 7), (6, 0)]:
        table = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        for rows in (np.array([[5, 0], [3, 3]], index), np.array([], index), np.array(2, index)):
            np.testing.assert_array_equal(kernel(table, rows, *axis), table[rows])
            out, whole = guarded(np.zeros_like(table[rows]))
            assert kernel(table, rows, *axis, out=out) is out
            np.testing.assert_array_equal(out, table[rows])
            assert unharmed(whole)


def test_other_look_ups_are_numpys() -> None:
    instr = instruction("GatherV2", "float32")
    kernel = updates.replacement(instr, numpy_kernel(instr))
    table = np.arange(12, dtype=np.float32).reshape(3, 4)
    rows = np.array([2, 0], np.int32)
    np.testing.assert_array_equal(kernel(table, rows, np.int32(1)), table[:, rows])
    np.testing.assert_array_equal(kernel(table.T, rows, np.int32(0)), table.T[rows])
    with pytest.raises(errors.InvalidArgumentError, match=r"indices\[1\] = 3 is not in \[0, 3\)"):
        kernel(table, np.array([0, 3], np.int32), np.int32(0))
    batched = instruction("GatherV2", "float32", batch_dims=1)
    assert not updates.replaces(batched)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_segments_are_summed(dtype: str, index: str, engine: Engine) -> None:
    instr = instruction("UnsortedSegmentSum", dtype, index)
    kernel = updates.replacement(instr, never, engine)
    random = np.random.default_rng(0)
    ids = np.array([[3, 0, -1], [3, 3, 1]], index)
    for shape in [(2, 3), (2, 3, 17), (2, 3, 0)]:
        data = random.normal(size=shape).astype(dtype)
        for count in (4, 9):
            expected = numpy_kernel(instr)(data, ids, np.int32(count))
            got = kernel(data, ids, np.int32(count))
            assert got.dtype == expected.dtype
            np.testing.assert_allclose(got, expected, rtol=1e-6)
    checked = updates.replacement(instr, numpy_kernel(instr), engine)
    with pytest.raises(errors.InvalidArgumentError, match=r"= 3 is out of range \[0, 3\)"):
        checked(np.ones((2, 3), dtype), ids, np.int32(3))


def test_what_is_replaced() -> None:
    assert updates.replaces(instruction("ApplyAdam", "float32"))
    assert not updates.replaces(instruction("ApplyAdam", "float16"))
    assert not updates.replaces(instruction("ScatterAdd", "int32"))
    assert not updates.replaces(instruction("ApplyProximalAdagrad", "float32"))
    assert not updates.replaces(instruction("Neg", "float32"))


def test_without_machine_code_it_is_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    instr = instruction("ApplyAdam", "float32")
    kernel = numpy_kernel(instr)
    with monkeypatch.context() as patch:
        patch.setattr(updates, "unusable_because", lambda: "it is not there")
        assert updates.replacement(instr, kernel) is kernel

    class Failing(Engine):
        def compile(self, source: str, function: str) -> int:
            raise RuntimeError("no such instruction")

    with pytest.warns(RuntimeWarning, match="ApplyAdam.*no such instruction"):
        assert updates.replacement(instr, kernel, Failing(host_engine().machine)) is kernel


OPTIMIZERS = {
    "GradientDescent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "Momentum": lambda: tf.train.MomentumOptimizer(0.05, 0.9, use_nesterov=True),
    "Adam": lambda: tf.train.AdamOptimizer(0.01),
    "RMSProp": lambda: tf.train.RMSPropOptimizer(0.005, momentum=0.5, centered=True),
    "Adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "Adadelta": lambda: tf.train.AdadeltaOptimizer(1.0),
    "Ftrl": lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=1e-3),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_the_same_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    words = random.integers(0, 30, (50, 16)).astype(np.int32)
    targets = np.sin(words.sum(axis=1, keepdims=True)).repeat(3, 1).astype(np.float32)[:, :3]
    losses = {}
    for backend in ("python", "native"):
        monkeypatch.setenv("FLOWGRAPH_BACKEND", backend)
        with tf.Graph().as_default(), tf.Session() as session:
            rows, wanted = tf.placeholder(tf.int32, [16]), tf.placeholder(tf.float32, [3])
            start = np.random.RandomState(1)
            table = tf.Variable(start.normal(0, 1, (30, 8)).astype(np.float32))
            weights = tf.Variable(start.normal(0, 0.3, (8, 3)).astype(np.float32))
            hidden = tf.tanh(tf.nn.embedding_lookup(table, rows))
            found = tf.matmul(hidden, weights) + tf.Variable(tf.zeros([3]))
            loss = tf.reduce_mean(tf.square(found - wanted))
            train = OPTIMIZERS[name]().minimize(loss)
            session.run(tf.global_variables_initializer())
            losses[backend] = [
                session.run([loss, train], {rows: w, wanted: t})[0]
                for w, t in zip(words, targets, strict=True)
            ]
    assert losses["python"][-1] != losses["python"][0]
    np.testing.assert_allclose(losses["native"], losses["python"], rtol=1e-5, atol=1e-5)
