"""Wrong shapes, dtypes, ranks, axes and names fail when the graph is built, as TensorFlow's do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

import flowgraph as tf

Build = Callable[[], Any]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def f32(*shape: int | None) -> Any:
    return tf.placeholder(tf.float32, shape)


def i32(*shape: int | None) -> Any:
    return tf.placeholder(tf.int32, shape)


def flags(*shape: int | None) -> Any:
    return tf.placeholder(tf.bool, shape)


def vector() -> Any:
    return tf.Variable([1.0, 2.0])


def wrong_embedding() -> Any:
    return tf.nn.embedding_lookup(f32(2, 3), f32(2))


class Misfit(NamedTuple):
    """A build that shape inference refuses; `build` fits a line, for its number is compared."""

    op: str
    shapes: str
    build: Build


# The op's type, the input shapes, the program.
MISFITS = [
    Misfit("MatMul", "[2,3], [4,5]", lambda: tf.matmul(f32(2, 3), f32(4, 5))),
    Misfit("MatMul", "[2], [2,5]", lambda: tf.matmul(f32(2), f32(2, 5))),
    Misfit("BatchMatMulV2", "[7,2,3], [7,4,5]", lambda: tf.matmul(f32(7, 2, 3), f32(7, 4, 5))),
    Misfit("MatMul", "[2,3], [4,5]", lambda: tf.tensordot(f32(2, 3), f32(4, 5), 1)),
    Misfit("Add", "[2,3], [2,4]", lambda: tf.add(f32(2, 3), f32(2, 4))),
    Misfit("AddV2", "[2,3], [4,3]", lambda: f32(2, 3) + f32(4, 3)),
    Misfit("Sub", "[?,3], [2,4]", lambda: tf.subtract(f32(None, 3), f32(2, 4))),
    Misfit("Mul", "[2,3], [2,4]", lambda: tf.multiply(f32(2, 3), f32(2, 4))),
    Misfit("RealDiv", "[2,3], [2,4]", lambda: tf.divide(f32(2, 3), f32(2, 4))),
    Misfit("Less", "[2,3], [2,4]", lambda: tf.less(f32(2, 3), f32(2, 4))),
    Misfit("LogicalAnd", "[2], [3]", lambda: tf.logical_and(flags(2), flags(3))),
    Misfit("Maximum", "[2,3], [4]", lambda: tf.clip_by_value(f32(2, 3), f32(4), 1.0)),
    Misfit("AddN", "[2], [3]", lambda: tf.add_n([f32(2), f32(3)])),
    Misfit("Sum", "[2,3], []", lambda: tf.reduce_sum(f32(2, 3), axis=2)),
    Misfit("Mean", "[2,3], []", lambda: tf.reduce_mean(f32(2, 3), axis=-3)),
    Misfit("Mean", "[2,3], [1]", lambda: tf.nn.moments(f32(2, 3), [2])),
    Misfit("ArgMax", "[2,3], []", lambda: tf.argmax(f32(2, 3), axis=2)),
    Misfit("Reshape", "[2,3], [2]", lambda: tf.reshape(f32(2, 3), [4, 2])),
    Misfit("Reshape", "[2,3], [2]", lambda: tf.reshape(f32(2, 3), [-1, 4])),
    Misfit("Transpose", "[2,3], [3]", lambda: tf.transpose(f32(2, 3), [0, 1, 2])),
    Misfit("ConcatV2", "[2,3], [2,4]", lambda: tf.concat([f32(2, 3), f32(2, 4)], 0)),
    Misfit("ConcatV2", "[2,3], [2,3]", lambda: tf.concat([f32(2, 3), f32(2, 3)], 2)),
    Misfit("ConcatV2", "[2,3], [2]", lambda: tf.concat([f32(2, 3), f32(2)], 0)),
    Misfit("Pack", "[2,3], [2,4]", lambda: tf.stack([f32(2, 3), f32(2, 4)])),
    Misfit("Unpack", "[2,3]", lambda: tf.unstack(f32(2, 3), num=3)),
    Misfit("Split", "[], [2,3]", lambda: tf.split(f32(2, 3), 2, axis=1)),
    Misfit("Split", "[], [2,3]", lambda: tf.split(f32(2, 3), 1, axis=2)),
    Misfit("SplitV", "[2,3], [2]", lambda: tf.split(f32(2, 3), [1, 1], axis=1)),
    Misfit("StridedSlice", "[2,3], [1]", lambda: f32(2, 3)[2]),
    Misfit("StridedSlice", "[2,3], [3]", lambda: f32(2, 3)[0, 0, 0]),
    Misfit("StridedSlice", "[2,3], [1]", lambda: f32(2, 3)[::0]),
    Misfit("ExpandDims", "[2,3], []", lambda: tf.expand_dims(f32(2, 3), 4)),
    Misfit("Squeeze", "[2,3]", lambda: tf.squeeze(f32(2, 3), [0])),
    Misfit("Squeeze", "[2,3]", lambda: tf.squeeze(f32(2, 3), [5])),
    Misfit("GatherV2", "[2,3], [2]", lambda: tf.gather(f32(2, 3), i32(2), axis=3)),
    Misfit("GatherV2", "[], [2]", lambda: tf.gather(f32(), i32(2))),
    Misfit("GatherNd", "[2,3], [2,3]", lambda: tf.gather_nd(f32(2, 3), i32(2, 3))),
    Misfit("ScatterNd", "[2,1], [3]", lambda: tf.scatter_nd(i32(2, 1), f32(3), [4])),
    Misfit("Pad", "[2,3], [1,2]", lambda: tf.pad(f32(2, 3), [[1, 1]])),
    Misfit("Pad", "[2,3], [2,2]", lambda: tf.pad(f32(2, 3), [[-1, 1], [1, 1]])),
    Misfit("Tile", "[2,3], [1]", lambda: tf.tile(f32(2, 3), [2])),
    Misfit("Fill", "[2], []", lambda: tf.fill([-1, 2], 1.0)),
    Misfit("Range", "[], [], []", lambda: tf.range(0, 10, 0)),
    Misfit("Range", "[], [], []", lambda: tf.range(10, 0, 1)),
    Misfit("Select", "[2], [3,3]", lambda: tf.where(flags(2), f32(3, 3), f32(3, 3))),
    Misfit("Select", "[2], [2], [3]", lambda: tf.where(flags(2), f32(2), f32(3))),
    Misfit("BiasAdd", "[2,3], [4]", lambda: tf.nn.bias_add(f32(2, 3), f32(4))),
    Misfit("BiasAdd", "[2,3], [3,1]", lambda: tf.nn.bias_add(f32(2, 3), f32(3, 1))),
    Misfit("TopKV2", "[2,3], []", lambda: tf.nn.top_k(f32(2, 3), k=4)),
    Misfit("TopKV2", "[], []", lambda: tf.nn.top_k(f32(), k=1)),
    Misfit("InTopKV2", "[2,3], [3]", lambda: tf.nn.in_top_k(f32(2, 3), i32(3), 1)),
    Misfit("DiagPart", "[2,3]", lambda: tf.diag_part(f32(2, 3))),
    Misfit("MatrixDiagPart", "[2]", lambda: tf.matrix_diag_part(f32(2))),
    Misfit("ReverseV2", "[2,3], [1]", lambda: tf.reverse(f32(2, 3), [2])),
    Misfit("DynamicPartition", "[2,3], [3]", lambda: tf.dynamic_partition(f32(2, 3), i32(3), 2)),
    Misfit("MatrixInverse", "[3]", lambda: tf.matrix_inverse(f32(3))),
    Misfit("Assign", "[2], [3]", lambda: tf.assign(vector(), [1.0, 2.0, 3.0])),
]


@pytest.mark.parametrize("case", MISFITS, ids=lambda case: f"{case.op}-{case.shapes}")
def test_a_misfit_names_op_shapes_and_line(case: Misfit) -> None:
    with pytest.raises(ValueError) as caught:
        case.build()
    message = str(caught.value)
    assert f"(op: '{case.op}')" in message
    assert f"with input shapes: {case.shapes}" in message
    assert f"{__file__}:{case.build.__code__.co_firstlineno}, in <lambda>: " in message


# The error, words of its message, the program.
OTHER_TYPES: list[tuple[Any, list[str], Build]] = [
    (TypeError, ["'AddV2'", "int32", "float32"], lambda: f32(2) + i32(2)),
    (ValueError, ["'AddV2'", "int32", "float32"], lambda: f32(2) + i32(2)),
    (TypeError, ["'AddV2'", "'add'", "int32", "1.5"], lambda: i32(2) + 1.5),
    (TypeError, ["'AddV2'", "'add'", "float32", "'x'"], lambda: f32(2) + "x"),
    (TypeError, ["'MatMul'", "int32", "float32"], lambda: tf.matmul(f32(2, 3), i32(3, 2))),
    (TypeError, ["'ConcatV2'", "int32", "float32"], lambda: tf.concat([f32(2), i32(2)], 0)),
    (TypeError, ["'Assign'", "int32", "float32"], lambda: tf.assign(vector(), i32(2))),
    (TypeError, ["'Assign'", "mutable"], lambda: tf.assign(f32(2), [1.0, 2.0])),
    (TypeError, ["'LogicalNot'", "float32", "bool"], lambda: tf.logical_not(f32(2))),
    (TypeError, ["'All'", "float32", "bool"], lambda: tf.reduce_all(f32(2))),
    (TypeError, ["'Select'", "float32", "bool"], lambda: tf.where(f32(2), f32(2), f32(2))),
    (TypeError, ["'Exp'", "int32", "float64"], lambda: tf.exp(i32(2))),
    (TypeError, ["'Relu'", "string"], lambda: tf.nn.relu(tf.constant("a"))),
    (TypeError, ["'L2Loss'", "int32"], lambda: tf.nn.l2_loss(i32(2))),
    (TypeError, ["'GatherV2'", "float32", "int64"], wrong_embedding),
    (TypeError, ["'OneHot'", "float32", "int64"], lambda: tf.one_hot(f32(2), 3)),
    (TypeError, ["'Max'", "string", "int64"], lambda: tf.reduce_max(f32(2), axis="x")),
    (TypeError, ["'StringJoin'", "float32"], lambda: tf.string_join([f32(2), f32(2)])),
    (TypeError, ["'CheckNumerics'", "int32"], lambda: tf.check_numerics(i32(2), "m")),
    (ValueError, ["int32", "float32"], lambda: tf.convert_to_tensor(f32(2), tf.int32)),
    (ValueError, ["int32", "floating point"], lambda: tf.nn.dropout(i32(2), 0.5)),
    (TypeError, ["float32", "'a'"], lambda: tf.constant("a", tf.float32)),
    (TypeError, ["int32", "1.5"], lambda: tf.constant(1.5, tf.int32)),
    (TypeError, ["'float33'"], lambda: tf.placeholder("float33")),
    (TypeError, ["'nope'"], lambda: tf.cast(f32(2), "nope")),
    (TypeError, ["indices", "0.5"], lambda: f32(2, 3)[0.5]),
    (TypeError, ["bool"], lambda: bool(f32(2))),
    (TypeError, ["unknown rank"], lambda: list(tf.placeholder(tf.float32))),
    (TypeError, ["len()"], lambda: len(f32(2))),
    (TypeError, ["'x'"], lambda: tf.placeholder(tf.float32, "x")),
]


@pytest.mark.parametrize(("error", "words", "build"), OTHER_TYPES)
def test_a_wrong_type_names_op_and_types(error: Any, words: list[str], build: Build) -> None:
    with pytest.raises(error) as caught:
        build()
    assert [word for word in words if word not in str(caught.value)] == []


def sparse_loss(labels: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=f32(2, 4))


def sigmoid_loss() -> Any:
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=f32(2, 3), logits=f32(2, 4))


def double_variable() -> None:
    tf.get_variable("v", [2])
    tf.get_variable("v", [2])


def shared_variable(shape: list[int], dtype: Any) -> None:
    tf.get_variable("v", [2])
    with tf.variable_scope("", reuse=True):
        tf.get_variable("v", shape, dtype)


def missing_variable() -> None:
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("v", [2])


def named(name: str) -> Any:
    return tf.get_default_graph().get_tensor_by_name(name)


def minimized(loss: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def unrelated_loss() -> Any:
    vector()
    return minimized(f32())


def scope(name: str) -> None:
    with tf.name_scope(name):
        pass


def finalized() -> None:
    tf.get_default_graph().finalize()
    f32(2)


def of_another_graph() -> Any:
    with tf.Graph().as_default():
        return tf.constant(1.0, name="stranger")


def control_of_another_graph() -> None:
    with tf.control_dependencies([of_another_graph()]):
        tf.no_op()


# The error, a pattern of its message, the program.
REFUSED: list[tuple[Any, str, Build]] = [
    (ValueError, r"\(3,\).*\(2, 4\)", lambda: sparse_loss(i32(3))),
    (ValueError, "2.*minus 1.*2", lambda: sparse_loss(i32(2, 4))),
    (ValueError, r"\(2, 4\) vs \(2, 3\)", sigmoid_loss),
    (ValueError, "axis = 4 not in", lambda: tf.stack([f32(2, 3), f32(2, 3)], axis=4)),
    (ValueError, "axis = 5 not in", lambda: tf.unstack(f32(2, 3), axis=5)),
    (ValueError, "mode.*WRAP", lambda: tf.pad(f32(2, 3), [[1, 1], [1, 1]], mode="WRAP")),
    (ValueError, "both be None", lambda: tf.where(flags(2), f32(2))),
    (ValueError, r"\(2,\) and \(3,\)", lambda: tf.boolean_mask(f32(2, 3), flags(3))),
    (ValueError, "dimension 3.*4", lambda: tf.einsum("ij,jk->ik", f32(2, 3), f32(4, 5))),
    (ValueError, "ijk", lambda: tf.einsum("ijk,jk->ik", f32(2, 3), f32(4, 5))),
    (ValueError, r"\(2, 3\).*\(2, 4\)", lambda: f32(2, 3).set_shape([2, 4])),
    (ValueError, "at most 2, but received 3", lambda: tf.constant([1, 2, 3], shape=[2])),
    (ValueError, "dense", lambda: tf.constant([[1], [1, 2]])),
    (ValueError, "None values", lambda: tf.constant(None)),
    (ValueError, "'a b' is not a valid", lambda: tf.identity(f32(2), name="a b")),
    (ValueError, r"'a\$b' is not a valid", lambda: scope("a$b")),
    (ValueError, "Variable v already exists.*", double_variable),
    (ValueError, "Variable s/v does not exist", missing_variable),
    (ValueError, r"\(3,\) and found shape \(2,\)", lambda: shared_variable([3], tf.float32)),
    (ValueError, "int32 and found dtype float32", lambda: shared_variable([2], tf.int32)),
    (ValueError, "variable.*v|Variable v", lambda: tf.get_variable("v")),
    (ValueError, "initial_value", lambda: tf.Variable(None)),
    (KeyError, "'nope:0'", lambda: named("nope:0")),
    (ValueError, "'nope'.*Operation, not a Tensor", lambda: named("nope")),
    (ValueError, "No variables to optimize", lambda: minimized(f32())),
    (ValueError, "No gradients provided.*Variable:0", unrelated_loss),
    (ValueError, "2 grad_ys for 1", lambda: tf.gradients(f32(2), [], grad_ys=[f32(2), f32(2)])),
    (ValueError, "maxval", lambda: tf.random_uniform([2], dtype=tf.int32)),
    (RuntimeError, "finalized", finalized),
    (ValueError, "must be from the same graph.*'add'", lambda: of_another_graph() + f32()),
    (ValueError, "stranger.*not an element", control_of_another_graph),
]


@pytest.mark.parametrize(("error", "pattern", "build"), REFUSED)
def test_what_the_library_refuses(error: Any, pattern: str, build: Build) -> None:
    with pytest.raises(error, match=pattern):
        build()


def test_a_refused_op_leaves_no_trace(graph: Any) -> None:
    a, b = f32(2, 3), f32(4, 5)
    before = graph.get_operations()
    with pytest.raises(ValueError, match="must be equal"):
        tf.matmul(a, b)
    assert graph.get_operations() == before
