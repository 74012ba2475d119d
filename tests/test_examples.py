"""Every program in examples/ runs, and shows what its docstring says."""

from __future__ import annotations

import importlib.util
import itertools
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

import flowgraph as tf

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
XAVIER = {(784, 10): 0.05018856, (10, 10): 0.31622777, (1000, 1000): 0.03162278}


def run(name: str, **settings: Any) -> Any:
    """What the program's `main` returns."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(**settings)


def test_each_program_is_short_and_says_where_it_is_from() -> None:
    programs = sorted(EXAMPLES.glob("*/*.py"))
    assert len(programs) == 16
    for program in programs:
        lines = program.read_text(encoding="utf-8").splitlines()
        author = {"charniak": "Charniak", "ramsundar": "Ramsundar"}[program.parent.name]
        assert lines[0].startswith(f'"""{author}'), program
        assert len(lines) < 100, program


def test_hello_world() -> None:
    found = run("charniak/hello_world")
    assert found["value"] == b"Hello World"
    assert found["printed"] == 'Tensor("Const:0", shape=(), dtype=string)'


def test_placeholder_addition() -> None:
    found = run("charniak/placeholder_addition")
    assert found["sums"] == [5.0, 18.0] and found["unfed"] == 2.0
    assert "Placeholder" in found["message"]


def test_variables() -> None:
    found = run("charniak/variables")
    assert "Attempting to use uninitialized value Variable" in found["message"]
    assert np.array_equal(found["first"], found["again"])
    assert not np.array_equal(found["first"], found["second"])
    assert abs(found["W"].std() - 0.1) < 0.005


def test_perceptron() -> None:
    found = run("charniak/perceptron", passes=1, examples=800, test_examples=1000)
    assert found["history"] == [([0.8, 0.9, 0.6, 0.0], 1.0), ([0.8, -0.1, 0.6, -1.0], 0.0)]
    assert found["accuracy"] > 0.5


def test_feed_forward() -> None:
    found = run("charniak/feed_forward", steps=300, test_examples=1000)
    assert math.isclose(found["first_loss"], math.log(10), abs_tol=0.05)
    assert found["difference"] < 1e-5 and found["accuracy"] > 0.5


def test_softmax_classifier() -> None:
    found = run("charniak/softmax_classifier", steps=200, test_batches=10)
    assert found["loss"] < 1.5 and found["accuracy"] > 0.6


def test_two_linear_layers() -> None:
    found = run("charniak/two_linear_layers", steps=100, hidden=64, test_examples=1000)
    assert found["difference"] < 1e-4 and found["accuracy"] > 0.4


def test_relu_network() -> None:
    found = run("charniak/relu_network", steps=150, hidden=100, test_batches=10)
    assert found["loss"] < 2.0 and found["accuracy"] > 0.5


def test_checkpointed_training() -> None:
    found = run("charniak/checkpointed_training", k=10, hidden=50)
    assert found["equal"]
    suffixes = ("data-00000-of-00001", "index", "meta")
    assert found["files"] == ["checkpoint", *(f"mylatest.ckpt.{suffix}" for suffix in suffixes)]


def test_tensordot() -> None:
    found = run("charniak/tensordot")
    printed: Any = [[0.8, 0.5, 0.5], [1.5, 1, 1], [2, 1, 1], [2.7, 1.5, 1.5]]
    np.testing.assert_allclose(found["mixed"], [printed, printed], atol=1e-6)
    np.testing.assert_allclose(found["turned"][0], np.transpose(printed), atol=1e-6)
    assert found["both"].shape == (2,) and found["swapped"].shape == (3, 2, 4)


def test_xavier() -> None:
    found = run("charniak/xavier", width=100)
    for size, sigma in XAVIER.items():
        assert abs(found["sigmas"][size] - sigma) < 1e-7
    assert abs(found["normal"].std() / XAVIER[784, 10] - 1) < 0.05
    assert np.abs(found["uniform"]).max() <= math.sqrt(6 / 794)
    assert found["signals"][1.0] > 0.05 and found["signals"][0.01] < 1e-10


def test_hundred_layers() -> None:
    found = run("charniak/hundred_layers")
    assert found["shape"] == [None, 29] and found["variables"] == 200 and found["finite"]
    narrower = [16, *range(128, 28, -1)]
    pairs = itertools.pairwise(narrower)
    assert found["parameters"] == sum((above + 1) * below for above, below in pairs)


def test_tensor_basics() -> None:
    found = run("ramsundar/tensor_basics")
    assert found["range"].tolist() == [1, 2, 3, 4]
    assert found["cast"].tolist() == [[1.0, 1.0]] * 2
    assert found["broadcast"].tolist() == [[1.0, 2.0]] * 2
    assert found["product"].tolist() == [[3.0] * 4] * 2
    assert "int32" in found["mismatch"]


def test_sessions() -> None:
    found = run("ramsundar/sessions")
    assert found["python"] == found["total"] == 7 and found["same graph"]
    assert "uninitialized value Variable" in found["uninitialized"]
    assert not found["first session"].any() and found["second session"].all()
    assert "must be equal, but are 2 and 3" in found["wrong shape"]


def test_linear_regression() -> None:
    found = run("ramsundar/linear_regression", steps=2500, rate=0.02)
    trap, fixed = found["trap"], found["fixed"]
    assert trap["shape"] == [100, 100] and fixed["shape"] == [100]
    # Compared with every label, the best slope is 0 and the best bias the mean of the labels.
    assert abs(trap["slope"]) < 0.1 and abs(trap["bias"] - found["mean"]) < 0.05
    assert abs(fixed["slope"] - 4.94575366) < 0.05 and abs(fixed["bias"] - 2.02707339) < 0.05
    assert fixed["rmse"] < 0.11 < 1.2 < trap["rmse"]
    assert math.isclose(fixed["r2"], 0.99437, abs_tol=1e-4)


def test_logistic_regression() -> None:
    found = run("ramsundar/logistic_regression", steps=300)
    assert found["accuracy"] == 1.0 and found["losses"][-1] < found["losses"][0]


def test_demo(tmp_path: Path) -> None:
    out = tmp_path / "demo-output"
    found = run("demo_relu_network", steps=120, hidden=64, out=str(out))
    assert found["accuracy"] == found["restored"] > 0.6
    assert tf.train.latest_checkpoint(str(out)) == str(out / "relu_network.ckpt")
    names = {file.name for file in found["files"]}
    assert {"graph.html", "curve.svg", "variables.txt"} <= names
    assert all(file.stat().st_size > 100 for file in found["files"])
    table = (out / "variables.txt").read_text(encoding="utf-8")
    assert re.search(r"trainable: +50,890$", table, re.M)
    assert len(found["curves"]["loss"]) >= 50
