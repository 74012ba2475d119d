"""The public namespace: every name resolves, is documented, and has TensorFlow's signature."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import api
from flowgraph.api.renaming import accept

HERE = Path(__file__).resolve().parent
RECORD = json.loads((HERE / "oracle" / "signatures.json").read_text(encoding="utf-8"))

# Parameters that TensorFlow has got since 1.15.
LATER = frozenset(
    {
        "alg",
        "align",
        "allow_broadcast",
        "allow_fast_lookup",
        "bad_indices_policy",
        "blank_index",
        "canonicalized_coordinates",
        "expand_composites",
        "exponential_avg_factor",
        "fn_output_signature",
        "grad_a",
        "grad_b",
        "handle_data",
        "layout",
        "output_type",
        "partial",
        "return_index_map",
        "sorted_input",
        "sparse_gradient",
        "tile_size",
        "use_own_namescope_for_non_slot_vars",
    }
)
# Names whose record says nothing about 1.15: objects of the graph that only the library makes,
# wrappers that hide their parameters, and what has changed since.
OTHERWISE = frozenset(
    {
        "DType",
        "as_dtype",
        "count_nonzero",
        "custom_gradient",
        "OpError",
        "Operation",
        "Tensor",
        "flags.DEFINE_bool",
        "flags.DEFINE_boolean",
        "flags.DEFINE_enum",
        "flags.DuplicateFlagError",
        "flags.FLAGS",
        "flags.UnrecognizedFlagError",
        "image.adjust_jpeg_quality",
        "io.TFRecordOptions",
        "lin_space",
        "linalg.LinearOperator",
        "linspace",
        "math.count_nonzero",
        "math.top_k",
        "nest.assert_same_structure",
        "nest.is_nested",
        "nest.map_structure",
        "nn.silu",
        "nn.swish",
        "nn.top_k",
        "numpy_function",
        "python_io.TFRecordOptions",
        "shape",
        "size",
        "test.TestCase",
        "train.FtrlOptimizer",
        "train.update_checkpoint_state",
    }
)


def namespaces() -> Iterator[tuple[str, ModuleType]]:
    """Public prefix ("", "nn.") and module, of every namespace."""
    yield "", tf
    for found in pkgutil.walk_packages(api.__path__, api.__name__ + "."):
        name = found.name.removeprefix(api.__name__ + ".")
        if name.split(".")[0] not in ("aliases", "deprecated", "late", "renaming", "top"):
            yield name + ".", importlib.import_module(found.name)


NAMES = [
    (prefix + name, getattr(module, name, None))
    for prefix, module in namespaces()
    for name in getattr(module, "__all__", ())
]


def is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith("flowgraph")


def test_all_names_resolve() -> None:
    missing = [
        prefix + name
        for prefix, module in namespaces()
        for name in getattr(module, "__all__", ())
        if not hasattr(module, name)
    ]
    assert not missing
    assert len(NAMES) > 500


def test_all_is_complete_and_without_repetition() -> None:
    for prefix, module in namespaces():
        listed = list(getattr(module, "__all__", ()))
        assert len(listed) == len(set(listed)), prefix


def test_functions_and_classes_have_docstrings() -> None:
    documented = [
        (name, value)
        for name, value in NAMES
        if is_ours(value) and (inspect.isfunction(value) or inspect.isclass(value))
    ]
    assert len(documented) > 400
    assert [name for name, value in documented if not inspect.getdoc(value)] == []


def parameters_of(value: Any) -> list[str]:
    target = value.__init__ if inspect.isclass(value) else value
    parameters = list(inspect.signature(target).parameters.values())
    if inspect.isclass(value):
        del parameters[0]
    return [str(each.replace(annotation=each.empty)) for each in parameters]


def comparable(parameters: list[str], renamed: dict[str, str]) -> list[str]:
    """Names and defaults, an argument of two names once, where the first of them stands.

    Where a default is an object, or differs between the two names, only the name.
    """
    found: list[str] = []
    seen: set[str] = set()
    for text in parameters:
        name, _, default = text.partition("=")
        plain = renamed.get(name, name).lstrip("*")
        if plain in ("_sentinel", "args", "kwargs") or plain in LATER or plain in seen:
            continue
        seen.add(plain)
        if plain in renamed.values() or default.startswith("<"):
            default = ""
        if default.replace(".", "", 1).lstrip("-").isdigit():
            default = str(float(default))
        found.append(f"{plain}={default}" if default else plain)
    return found


COMPARED = [
    (name, value)
    for name, value in NAMES
    if name in RECORD["signatures"] and name not in OTHERWISE and callable(value)
]


def test_most_names_are_compared() -> None:
    assert len(COMPARED) > 400


@pytest.mark.parametrize(("name", "value"), COMPARED, ids=[name for name, _ in COMPARED])
def test_signature_is_tensorflows(name: str, value: Any) -> None:
    renamed = getattr(value, "renamed", {})
    theirs = RECORD["signatures"][name]
    if theirs == ["*args", "**kwargs"]:
        return
    # TensorFlow takes some names from **kwargs where flowgraph lists them.
    named = {each.partition("=")[0] for each in theirs}
    ours = [
        each
        for each in parameters_of(value)
        if "**kwargs" not in named or each.partition("=")[0] in named
    ]
    assert comparable(ours, renamed) == comparable(theirs, renamed)


def test_namespaces_can_be_imported() -> None:
    for name in ("nn", "train", "math", "io.gfile", "compat.v1", "examples.tutorials.mnist"):
        module = importlib.import_module(f"flowgraph.{name}")
        found: Any = tf
        for part in name.split("."):
            found = getattr(found, part)
        assert module is found


def test_a_namespace_is_one_module_under_both_names() -> None:
    assert importlib.import_module("flowgraph.nn") is importlib.import_module("flowgraph.api.nn")
    assert tf.nn.__spec__ is not None
    assert tf.nn.__spec__.name == "flowgraph.api.nn"


@pytest.mark.parametrize("name", ["io.gfile", "contrib.slim", "contrib.slim.layers", "contrib.rnn"])
def test_a_namespace_inside_of_another_is_one_module_too(name: str) -> None:
    home = importlib.import_module(f"flowgraph.api.{name}")
    assert importlib.import_module(f"flowgraph.{name}") is home
    assert home.__name__ == f"flowgraph.api.{name}"


def test_unknown_namespace_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"flowgraph\.nothing"):
        importlib.import_module("flowgraph.nothing")


def test_compat_v1_is_the_namespace_itself() -> None:
    assert tf.compat.v1 is tf  # type: ignore[attr-defined]


def test_dtypes_has_the_conversions() -> None:
    dtypes: Any = tf.dtypes
    assert dtypes.cast is tf.cast
    assert dtypes.float32 is tf.float32


def test_versions() -> None:
    setup = (HERE.parent / "setup.cfg").read_text(encoding="utf-8")
    assert f"version = {tf.__version__}\n" in setup
    assert tf.VERSION == tf.version.VERSION == "1.15.0"


HEAVY = (
    "networkx",
    "graphviz",
    "llvmlite",
    "tqdm",
    "unittest",
    "matplotlib",
    "scipy",
    "tensorflow",
)
LATE_ROOMS = ("flowgraph.viz", "flowgraph.datasets", "flowgraph.shim", "flowgraph.cli")


def test_import_loads_nothing_heavy() -> None:
    program = (
        f"import sys, flowgraph; print([n for n in {HEAVY + LATE_ROOMS!r} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=HERE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_late_names_load_when_asked_for() -> None:
    assert issubclass(tf.test.TestCase, importlib.import_module("unittest").TestCase)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(tf.test, "nothing")  # noqa: B009


X = np.arange(6, dtype=np.float32).reshape(2, 3)
SPELLINGS = [
    (lambda: tf.reduce_sum(X, reduction_indices=1, keep_dims=True), X.sum(1, keepdims=True)),
    (lambda: tf.reduce_max(X, reduction_indices=[0]), X.max(0)),
    (lambda: tf.argmax(X, dimension=1), X.argmax(1)),
    (lambda: tf.expand_dims(X, dim=0), X[None]),
    (lambda: tf.squeeze(X[None], squeeze_dims=[0]), X),
    (lambda: tf.concat([X, X], concat_dim=1), np.concatenate([X, X], 1)),
    (lambda: tf.mul(X, X), X * X),
    (lambda: tf.sub(X, 1.0), X - 1),
    (lambda: tf.neg(X), -X),
    (lambda: tf.pack([X, X]), np.stack([X, X])),
    (lambda: tf.unpack(X)[1], X[1]),
    (lambda: tf.select(X > 2, X, -X), np.where(X > 2, X, -X)),
]


@pytest.mark.parametrize(("build", "expected"), SPELLINGS)
def test_older_spellings(build: Any, expected: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        np.testing.assert_array_equal(session.run(build()), expected)


@pytest.mark.parametrize(
    "build",
    [
        lambda: tf.reduce_sum(X, axis=1, reduction_indices=1),
        lambda: tf.reduce_sum(X, 1, reduction_indices=1),
        lambda: tf.reduce_sum(X, keepdims=True, keep_dims=True),
        lambda: tf.nn.softmax(X, axis=0, dim=0),
    ],
)
def test_both_spellings_are_too_many(build: Any) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="cannot specify both"):
        build()


def test_accept_keeps_the_function_as_it_is() -> None:
    def scale(x: float, factor: float = 2.0) -> float:
        """Scales."""
        return x * factor

    wrapped = accept(scale, by="factor")
    assert inspect.signature(wrapped) == inspect.signature(scale)
    assert wrapped.__doc__ == "Scales."
    assert (wrapped(3), wrapped(3, 3), wrapped(3, by=5), wrapped(3, by=None)) == (6, 9, 15, 6)
    with pytest.raises(TypeError, match="wrong"):
        wrapped(3, wrong=1)


def test_accept_refuses_an_unknown_argument() -> None:
    with pytest.raises(ValueError, match="nothing"):
        accept(lambda x: x, old="nothing")
