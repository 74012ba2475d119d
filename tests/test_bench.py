"""The benchmark's models run, and its figures are put together as the table says."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import pytest

import flowgraph as tf

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(name="bench")
def _bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("bench")


@pytest.fixture(name="models")
def _models(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("models")


def test_every_model_trains(models: Any, bench: Any) -> None:
    assert {"import", "chain", "checkpoint", *models.STEPS} == set(bench.CASES)
    for name, build in models.STEPS.items():
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.set_random_seed(1)
            fetches, feed, check = build(tf)
            sess.run(tf.global_variables_initializer())
            before = sess.run(check, feed)
            for _ in range(3):
                sess.run(fetches, feed)
            after = sess.run(check, feed)
        assert math.isfinite(after)
        if name.startswith("trivial"):
            assert after == 3.5
        elif name == "scalar_loop":
            assert after == pytest.approx(1.0001**1000, rel=1e-4)
        else:
            assert after < before, name


def test_table_and_comparison(bench: Any) -> None:
    best = {
        "relu_network [seconds]": {"flowgraph": 0.0005, "tensorflow": 0.002},
        "import [MiB]": {"flowgraph": 50.0, "tensorflow": 400.0},
        "chain: build [seconds]": {"flowgraph": 0.25, "tensorflow": 2.0},
    }
    rows = bench.table(best).splitlines()[-3:]
    assert rows == [
        "| relu network | 500 µs | 2 ms | 4.0 |",
        "| import | 50 MiB | 400 MiB | 8.0 |",
        "| chain: build | 250 ms | 2 s | 8.0 |",
    ]
    near = {"a": {"flowgraph": [1.0, 2.0], "tensorflow": [1.0, 2.0001]}}
    far = {"b": {"flowgraph": [1.0], "tensorflow": [1.1]}}
    assert bench.different_values(near) == []
    assert [line.split(":")[0] for line in bench.different_values({**near, **far})] == ["b"]
