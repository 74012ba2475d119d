"""Records what TensorFlow makes of the samples of every op.

``python tests/oracle_tf/record_ops.py SAMPLES FOLDER [TOPIC...]`` in an environment with
TensorFlow; SAMPLES is what `support/dump_samples.py` wrote for these topics. Makes one
``ops_<topic>.npz`` per topic; without topics, the files of all others are removed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf.environment import load_tensorflow, session
from oracle_tf.raw_ops import apply_op
from support import archive, recipe
from support.messages import short_message

DIFFERENTIABLE = ("float32", "float64", "complex64", "complex128")

# What says that an op exists, but not for CPUs.
NO_KERNEL = (
    "No OpKernel was registered",
    "only supports NHWC",
    "only supports NDHWC",
    "only supports the NHWC",
    "only supported for NHWC",
    "do not yet support dilation",
    "does not support dilations",
    "not supported on CPU",
)


class Built:
    """A sample's op in the default graph.

    Attributes:
        feeds: placeholders to the values they are fed.
        variables: those that stand for reference inputs, with their initial values.
        inputs: one tensor per flat input.
    """

    def __init__(self, tf: Any, op: dict[str, Any], case: dict[str, Any], forms: list[Any]) -> None:
        self.tf = tf
        self.feeds: dict[Any, Any] = {}
        self.variables: list[Any] = []
        self.inputs: list[Any] = []
        arguments = {}
        pending = list(forms)
        for name, is_ref, value in zip(op["inputs"], op["refs"], case["inputs"], strict=True):
            if isinstance(value, list):
                arguments[name] = [self._input(is_ref, each, pending.pop(0)) for each in value]
            else:
                arguments[name] = self._input(is_ref, value, pending.pop(0))
        attrs = {name: _attr(tf, *each) for name, each in case["attrs"].items()}
        result = apply_op(op["name"], arguments, attrs)
        if isinstance(result, tf.Operation):
            self.operation = result
        else:
            first = result if isinstance(result, tf.Tensor) else (*tf.nest.flatten(result), None)[0]
            self.operation = None if first is None else first.op
        self.outputs = [] if self.operation is None else list(self.operation.outputs)

    def _input(self, is_ref: bool, value: Any, form: Any) -> Any:
        tf = self.tf
        if is_ref:
            variable = tf.Variable(value, use_resource=False, trainable=False)
            self.variables.append(variable)
            tensor = variable._ref()
        elif form == "const":
            tensor = tf.constant(value, _dtype(tf, value), value.shape)
        else:
            tensor = tf.placeholder(_dtype(tf, value), form)
            self.feeds[tensor] = value
        self.inputs.append(tensor)
        return tensor

    def run(self) -> tuple[list[Any], list[Any]]:
        """The values of the outputs, and of the variables afterwards."""
        with session(self.tf) as run:
            run.run([variable.initializer for variable in self.variables])
            fetches = [self.operation, *self.outputs]
            values = run.run(fetches, self.feeds)[1:]
            return values, run.run([each._ref() for each in self.variables])


def _dtype(tf: Any, value: Any) -> Any:
    return tf.string if value.dtype == object else tf.as_dtype(value.dtype)


def _attr(tf: Any, kind: str, value: Any) -> Any:
    if kind.startswith("list("):
        return [_attr(tf, kind[len("list(") : -1], each) for each in value]
    if kind == "type":
        return tf.as_dtype(value)
    if kind == "shape":
        return tf.TensorShape(value)
    if kind == "tensor":
        array = np.array(value["value"], value["dtype"]).reshape(value["shape"])
        return tf.make_tensor_proto(array)
    return value


def record_case(tf: Any, op: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Values, static shapes and gradients of one sample, or the error it raises."""
    flat: list[Any] = []
    for value in case["inputs"]:
        flat.extend(value) if isinstance(value, list) else flat.append(value)
    variants = recipe.variants([value.shape for value in flat])
    if case["raises"]:
        return {"errors": {name: _error(tf, op, case, variants[name]) for name in ("const", "fed")}}
    with tf.Graph().as_default():
        built = Built(tf, op, case, variants[recipe.FED])
        try:
            values, after = built.run()
        except tf.errors.OpError as error:
            if not any(phrase in str(error) for phrase in NO_KERNEL):
                raise
            shapes = {name: _shapes(tf, op, case, forms) for name, forms in variants.items()}
            return {"no kernel": True, "shapes": shapes}
        found: dict[str, Any] = {
            "values": [_defined(*pair) for pair in zip(built.outputs, values, strict=True)],
            "dtypes": [tensor.dtype.base_dtype.name for tensor in built.outputs],
            "after": [_array(value) for value in after],
        }
    found["shapes"] = {name: _shapes(tf, op, case, forms) for name, forms in variants.items()}
    if case["grad"]:
        found["gradients"] = _gradients(tf, op, case, recipe.numbers_fed(flat))
    return found


def _defined(tensor: Any, value: Any) -> Any:
    """An output's value; None for one that the op left unset, which then has no proper shape."""
    array = _array(value)
    return array if tensor.shape.is_compatible_with(array.shape) else None


def _array(value: Any) -> Any:
    """Strings come as objects or as single bytes."""
    if isinstance(value, bytes | str):
        return np.array(value, np.object_)
    return np.asarray(value)


def _error(tf: Any, op: dict[str, Any], case: dict[str, Any], forms: list[Any]) -> Any:
    stage = "build"
    try:
        with tf.Graph().as_default():
            built = Built(tf, op, case, forms)
            stage = "run"
            built.run()
    except Exception as error:
        return [stage, type(error).__name__, short_message(error)]
    return None


def _shapes(tf: Any, op: dict[str, Any], case: dict[str, Any], forms: list[Any]) -> Any:
    try:
        with tf.Graph().as_default():
            outputs = Built(tf, op, case, forms).outputs
    except (ValueError, TypeError) as error:
        return {"error": short_message(error)}
    return [None if t.shape.rank is None else t.shape.as_list() for t in outputs]


def _gradients(tf: Any, op: dict[str, Any], case: dict[str, Any], forms: list[Any]) -> Any:
    """First and second gradients: per flat input an array or None; or an error's class and text.

    The second gradient is that of the weighted sum of the first ones.
    """
    with tf.Graph().as_default():
        built = Built(tf, op, case, forms)
        xs = {i: t for i, t in enumerate(built.inputs) if t.dtype.name in DIFFERENTIABLE}
        ys = {i: t for i, t in enumerate(built.outputs) if t.dtype.name in DIFFERENTIABLE}
        if not xs or not ys or built.variables:
            return None
        found = {}
        try:
            first, found["first"] = _differentiate(tf, built, ys, xs)
            _, found["second"] = _differentiate(tf, built, first, xs)
        except (LookupError, ValueError, TypeError, tf.errors.OpError) as error:
            failed = "second" if "first" in found else "first"
            found[failed] = {"error": type(error).__name__, "message": short_message(error)}
    return found


def _differentiate(tf: Any, built: Built, ys: dict[int, Any], xs: dict[int, Any]) -> Any:
    """The gradients of the weighted sum of ys, as tensors by input and as a list of values."""
    if not ys:
        return {}, [None] * len(built.inputs)
    with session(tf) as run:
        values = run.run(ys, built.feeds)
    seeds = [tf.constant(recipe.weights(v.shape, i, v.dtype)) for i, v in values.items()]
    found = tf.gradients(list(ys.values()), list(xs.values()), seeds)
    dense = {i: tf.convert_to_tensor(g) for i, g in zip(xs, found, strict=True) if g is not None}
    with session(tf) as run:
        results = run.run(dense, built.feeds)
    return dense, [results.get(index) for index in range(len(built.inputs))]


def main() -> None:
    tf = load_tensorflow()
    folder = Path(sys.argv[2])
    topics: dict[str, dict[str, Any]] = {}
    failures = []
    for op in archive.load(Path(sys.argv[1])):
        if not op["cases"]:
            continue
        recorded = topics.setdefault(op["topic"], {})
        for number, case in enumerate(op["cases"]):
            try:
                recorded[case["key"]] = record_case(tf, op, case)
            except Exception as error:
                failures.append(f"{op['name']} sample {number}: {short_message(error)}")
    if not sys.argv[3:]:
        for old in folder.glob("ops_*.npz"):
            if old.stem.removeprefix("ops_") not in topics:
                old.unlink()
    for topic, recorded in topics.items():
        tree = {"tensorflow": tf.__version__, "cases": recorded}
        archive.save(folder / f"ops_{topic}.npz", tree)
    for line in failures:
        sys.stderr.write(f"not recorded: {line}\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
