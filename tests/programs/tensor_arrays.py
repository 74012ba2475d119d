"""tf.TensorArray: what it reads and writes, its names, shapes, errors and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.programs import program, raised
from support.values import ramp


def opened(tf: Any, value: Any) -> Any:
    """A tensor of which nothing but the type is known while the graph is built."""
    return tf.placeholder_with_default(value, None)


def failing(tf: Any, build: Callable[[], Any], phrase: str) -> Any:
    """What running what `build` makes raises."""
    with tf.Session() as session:
        return raised(lambda: session.run(build()), phrase)


@program(graph=True)
def written_and_read(tf: Any) -> dict[str, Any]:
    array = tf.TensorArray(tf.float32, size=3, clear_after_read=False)
    for i in range(3):
        array = array.write(i, ramp(2, shift=i))
    return {
        "read": array.read(1),
        "by tensor": array.read(tf.constant(2), name="mine"),
        "stack": array.stack(),
        "gather": array.gather([2, 0, 2]),
        "size": array.size(),
        "element shape": str(array.element_shape),
        "dtype": array.dtype.name,
        "dynamic": array.dynamic_size,
        "flow": array.flow,
    }


@program(graph=True)
def unstacked(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    array = tf.TensorArray(tf.float32, 4, name="rows", clear_after_read=False).unstack(x)
    copy = array.identity()
    scattered = tf.TensorArray(tf.float32, 4, element_shape=[3]).scatter([3, 1], x[:2])
    named = tf.TensorArray(tf.float32, 2).unstack(ramp(2, 2), name="apart").stack(name="together")
    return {
        "stack": array.stack(),
        "row": copy.read(0),
        "scattered": scattered.stack(),
        "named": named,
    }


@program
def split_and_joined(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(5, 2), name="x")
    uneven = tf.TensorArray(tf.float32, 3, infer_shape=False).split(x, [2, 0, 3])
    even = tf.TensorArray(tf.float32, 2, clear_after_read=False).split(x[:4], [2, 2])
    return {
        "uneven": uneven.concat(),
        "even": even.concat(),
        "second": even.read(1),
        "even shape": str(even.element_shape),
        "uneven shape": str(uneven.element_shape),
    }


@program(graph=True)
def growing(tf: Any) -> dict[str, Any]:
    array = tf.TensorArray(tf.int32, size=0, dynamic_size=True, element_shape=[])
    array = array.write(2, 5).write(0, 7)
    scattered = tf.TensorArray(tf.float32, 1, dynamic_size=True).scatter([0, 2, 1], ramp(3))
    parts = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False)
    parts = parts.split(ramp(3), [1, 2])
    return {
        "size": array.size(),
        "zeros between": array.stack(),
        "scattered": scattered.stack(),
        "parts": parts.size(),
    }


@program
def of_open_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(3, 2), [None, 2])
    array = tf.TensorArray(tf.float32, size=tf.shape(x)[0], clear_after_read=False).unstack(x)
    unknown = tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(opened(tf, ramp(3, 2)))
    partly = tf.TensorArray(tf.float32, 2, element_shape=[None, 2], clear_after_read=False)
    partly = partly.write(0, opened(tf, ramp(1, 2))).write(1, opened(tf, ramp(1, 2)))
    found = {}
    for name, each in {"rows": array, "unknown": unknown, "partly": partly}.items():
        found[f"{name} read"] = each.read(1)
        found[f"{name} stack"] = each.stack()
        found[f"{name} gather"] = each.gather(opened(tf, [0, 1]))
        found[f"{name} shape"] = str(each.element_shape)
    found["partly concat"] = partly.concat()
    return found


@program
def of_other_types(tf: Any) -> dict[str, Any]:
    words = tf.TensorArray(tf.string, 3, clear_after_read=False).unstack(["a", "bc", ""])
    flags = tf.TensorArray(tf.bool, 2).write(0, True).write(1, False)
    return {
        "words": words.stack(),
        "word": words.read(1),
        "flags": flags.stack(),
        "complex": tf.TensorArray(tf.complex64, 2).unstack([1 + 2j, 3]).stack(),
        "half": tf.TensorArray(tf.float16, 1).write(0, tf.constant(1.5, tf.float16)).stack(),
        "long": tf.TensorArray(tf.int64, 1).write(0, 1 << 40).stack(),
    }


@program
def without_elements(tf: Any) -> dict[str, Any]:
    return {
        "known shape": tf.TensorArray(tf.float32, 0, element_shape=[2]).stack(),
        "joined": tf.TensorArray(tf.float32, 0, element_shape=[None, 3]).concat(),
        "none of some": tf.TensorArray(tf.float32, 2, element_shape=[2]).gather(
            tf.zeros([0], "int32")
        ),
        "unknown shape": failing(
            tf, lambda: tf.TensorArray(tf.float32, 0).stack(), "size zero, but element shape"
        ),
        "unknown rows": failing(
            tf, lambda: tf.TensorArray(tf.float32, 0).concat(), "size zero, but element_shape_exc"
        ),
        "zeros": tf.TensorArray(tf.float32, 2, element_shape=[2]).read(0),
        "partly written": tf.TensorArray(tf.float32, 2).write(0, 1.0).stack(),
    }


@program
def accesses_that_fail(tf: Any) -> dict[str, Any]:
    def made(size: int = 2, **settings: Any) -> Any:
        return tf.TensorArray(tf.float32, size, **settings)

    def twice(**settings: Any) -> Any:
        array = made(**settings).write(0, 1.0)
        first = array.read(0)
        with tf.control_dependencies([first]):
            return array.read(0)

    def written_after_reading() -> Any:
        array = made(clear_after_read=False).write(0, 1.0)
        with tf.control_dependencies([array.read(0)]):
            return array.write(0, 2.0).flow

    def closed() -> Any:
        array = made()
        with tf.control_dependencies([array.close()]):
            return array.write(0, 1.0).flow

    cases = {
        "read beyond": (lambda: made().read(5), "Tried to read from index 5 but array size is: 2"),
        "read before": (lambda: made().read(-1), "Tried to read from index -1"),
        "unwritten": (lambda: made().read(0), "Could not read from TensorArray index 0"),
        "read twice": (twice, "Could not read index 0 twice because it was cleared"),
        "write beyond": (
            lambda: made().write(2, 1.0).flow,
            "Tried to write to index 2 but array is not resizeable and size is: 2",
        ),
        "written twice": (
            lambda: made().write(0, 1.0).write(0, 2.0).flow,
            "Could not write to TensorArray index 0 because it has already been written to",
        ),
        "written after reading": (written_after_reading, "because it has already been read"),
        "closed": (closed, "has already been closed"),
        "shape": (
            lambda: made().write(0, opened(tf, ramp(2))).write(1, opened(tf, ramp(1))).flow,
            r"value shape is \[1\] which is incompatible with the TensorArray's inferred element "
            r"shape: \[2\]",
        ),
        "shape given": (
            lambda: made(element_shape=[3]).write(0, opened(tf, ramp(2))).flow,
            r"inferred element shape: \[3\]",
        ),
        "negative size": (lambda: made(opened(tf, -1)).flow, "Size should be >= 0"),
        "size": (lambda: made(opened(tf, [1, 2])).flow, "TensorArray size must be scalar"),
    }
    return {name: failing(tf, build, phrase) for name, (build, phrase) in cases.items()}


@program
def accesses_to_many_that_fail(tf: Any) -> dict[str, Any]:
    def made(size: int = 2, **settings: Any) -> Any:
        return tf.TensorArray(tf.float32, size, **settings)

    def uneven() -> Any:
        return made(infer_shape=False).write(0, ramp(2)).write(1, ramp(1))

    wide = made(infer_shape=False).write(0, ramp(1, 1)).write(1, ramp(1, 2))
    cases = {
        "gather beyond": (
            lambda: made().unstack(ramp(2)).gather([0, 2]),
            "Tried to read from index 2",
        ),
        "gather scalar": (
            lambda: made().unstack(ramp(2)).gather(opened(tf, 0)),
            "Expected indices to be a vector",
        ),
        "uneven": (lambda: uneven().stack(), r"Index 0 has shape: \[2\] but index 1 has shape"),
        "concat of scalars": (
            lambda: made(infer_shape=False).unstack(opened(tf, ramp(2))).concat(),
            "Concat saw a scalar shape at index 0",
        ),
        "concat of widths": (lambda: wide.concat(), r"excepting dimension 0\) shape: \[1\]"),
        "scatter beyond": (
            lambda: made().scatter([0, 2], ramp(2)).flow,
            r"Max scatter index must be < array size \(2 vs. 2\)",
        ),
        "scatter count": (
            lambda: made(3).scatter(opened(tf, [0, 2]), ramp(3)).flow,
            "but saw: 2 vs. 3",
        ),
        "scatter scalar": (
            lambda: made().scatter([0], opened(tf, ramp(1)[0])).flow,
            "must be at least a vector",
        ),
        "unstack too many": (lambda: made(1).unstack(ramp(2)).flow, r"\(1 vs. 1\)"),
        "split sum": (
            lambda: made().split(ramp(3), [1, 1]).flow,
            "Expected sum of lengths to be equal to values.shape.0.",
        ),
        "split count": (
            lambda: made(3, infer_shape=False).split(ramp(3), [1, 2]).flow,
            r"not equal to the size of lengths \(3 vs. 2\)",
        ),
        "split scalar": (
            lambda: made().split(opened(tf, ramp(1)[0]), [1, 2]).flow,
            "Expected value to be at least a vector",
        ),
        "split length": (
            lambda: made().split(ramp(3), opened(tf, 3)).flow,
            "Expected lengths to be a vector",
        ),
    }
    return {name: failing(tf, build, phrase) for name, (build, phrase) in cases.items()}


@program
def arguments_that_fail(tf: Any) -> dict[str, Any]:
    array = tf.TensorArray(tf.float32, 2, element_shape=[3])
    both = "Cannot provide both"
    return {
        "no size": raised(lambda: tf.TensorArray(tf.float32), "size.* must be provided"),
        "size and handle": raised(
            lambda: tf.TensorArray(tf.float32, 2, handle=array.handle, flow=array.flow), both
        ),
        "name and handle": raised(
            lambda: tf.TensorArray(
                tf.float32, handle=array.handle, flow=array.flow, tensor_array_name="a"
            ),
            both,
        ),
        "shape and handle": raised(
            lambda: tf.TensorArray(
                tf.float32, handle=array.handle, flow=array.flow, element_shape=[2]
            ),
            both,
        ),
        "handle": raised(
            lambda: tf.TensorArray(tf.float32, handle=5), "to be a Tensor|be a Tensor"
        ),
        "flow": raised(
            lambda: tf.TensorArray(tf.float32, handle=array.handle), "flow must not be None"
        ),
        "shape of a write": raised(
            lambda: array.write(0, ramp(2)), r"Inconsistent shapes: saw \(2,\) but expected \(3,\)"
        ),
        "shape of rows": raised(lambda: array.unstack(ramp(2, 2)), "Inconsistent shapes"),
        "shape of parts": raised(lambda: array.split(ramp(4), [2, 2]), "Inconsistent shapes"),
        "indices": raised(lambda: array.gather(0), "Shape must be rank 1 but is rank 0"),
    }


@program
def gradients_of_reads(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(3, 2), name="x"), tf.constant(ramp(2), name="y")
    array = tf.TensorArray(tf.float32, 4, clear_after_read=False).unstack(x).write(3, y * y)
    loss = tf.reduce_sum(array.read(0) * array.read(3) + array.read(0)) + tf.reduce_sum(
        array.gather([3, 2]) ** 2
    )
    dx, dy = tf.gradients(loss, [x, y])
    return {"loss": loss, "dx": tf.identity(dx, name="dx"), "dy": tf.identity(dy, name="dy")}


@program
def gradients_of_stacking(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2), name="x"), tf.constant(ramp(2, shift=5), name="y")
    array = tf.TensorArray(tf.float32, 2).write(0, x).write(1, y)
    dx, dy = tf.gradients(array.stack() * ramp(2, 2), [x, y])
    return {"dx": tf.identity(dx, name="dx"), "dy": tf.identity(dy, name="dy")}


@program
def gradients_of_parts(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(5, 2), name="x")
    array = tf.TensorArray(tf.float32, 3, infer_shape=False).split(x * x, [2, 0, 3])
    dx = tf.gradients(array.concat() * ramp(5, 2, shift=1), x)[0]
    return {"dx": tf.identity(dx, name="dx")}


@program
def two_passes_at_once(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3), name="x")
    array = tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(x)
    once = tf.gradients(array.stack() * 2.0, x)[0]
    twice = tf.gradients(array.stack() * 4.0, x)[0]
    with tf.name_scope("gradients"):
        again = tf.gradients(array.read(1) * 8.0, x)[0]
    found = {"once": once, "twice": twice, "again": again}
    return {name: tf.identity(each, name=name) for name, each in found.items()}
