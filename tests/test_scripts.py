"""Programs in the forms TensorFlow 1 was used in run unchanged, and with TensorFlow's results.

Each program of `tests/scripts` prints, as its last line, what it found as JSON. For those that
TensorFlow 2.21 still runs, with the import replaced by ``tensorflow.compat.v1``, and with the
package tf_keras for layers and cells, ``oracle/scripts.json`` holds what it printed.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowgraph.datasets import idx, mnist

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "scripts"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py"))
RECORD = json.loads((HERE / "oracle" / "scripts.json").read_text(encoding="utf-8"))["results"]
COUNTED = [str(HERE / "support" / "run_script.py")]
COMMAND = ["-m", "flowgraph", "run"]

# By what factor the losses fall at least, from the mean of the first quarter to that of the last;
# for programs whose results cannot be compared with TensorFlow's.
FALLS = {
    "char_rnn": 0.1,
    "crf_tagger": 0.9,
    "dcgan": 0.8,
    "old_names": 0.95,
    "old_rnn": 0.6,
    "ptb_lstm": 0.97,
    "seq2seq_attention": 0.3,
    "slim_resnet": 0.2,
}
# The share of right answers, where one is printed, is at least this.
REACHES = {
    "old_names": {"accuracy": 0.6},
    "seq2seq_attention": {"exact": 0.5},
    "slim_resnet": {"accuracy": 0.6},
}
# What else these print.
EXPECTED: dict[str, dict[str, Any]] = {
    "a3c_threads": {"updates": range(90, 93), "moved": [True] * 8},
    "char_rnn": {"text": "the mat. the rat ate the hat. the "},
    "crf_tagger": {"decoders agree": True},
    "dcgan": {"samples": [12, 8, 8, 1], "moved": [True] * 3, "updates": 8},
    "old_names": {
        "checks": {
            "select": [[0, 0, 0], [3, 4, 5]],
            "sum": [[3], [12]],
            "packed": [2, 2, 3],
            "row": [3, 4, 5],
            "batch": [[3] * 4] * 2,
            "dims": [0, 3],
            "joined": [0, 3, 0, 3],
            "pieces": [[3, 4, 5]],
            "joined by name": [0, 1, 2, 0, 1, 2],
            "squeezed": [1, 1, 1],
            "inverse": [0.5, 0.25],
            "difference": [1, 3],
        }
    },
    "old_rnn": {"shape": [8, 10], "outputs": [4, [8, 9]]},
    "profiling": {
        "ops": ["Add", "AssignAdd", "Const", "MatMul", "RandomStandardNormal"],
        "devices": ["/device:CPU:0"],
        "count": 1,
        "note": "text",
        "exists": True,
        "listed": "CPU",
    },
    "ptb_lstm": {
        "step": 52,
        "lr": 0.25,
        "variables": [
            "Model/embedding",
            *(
                f"Model/RNN/multi_rnn_cell/cell_{layer}/basic_lstm_cell/{part}"
                for layer in range(2)
                for part in ("kernel", "bias")
            ),
            "Model/softmax_w",
            "Model/softmax_b",
        ],
    },
    "queue_pipeline": {
        "seen": [number for number in range(30) for _ in range(2)],
        "shuffled": True,
        "ended": True,
        "stored": list(range(10)),
        "steps": 12,
    },
    "seq2seq_attention": {"beam": 3, "learning_rate": 0.02},
    "slim_resnet": {"step": 20, "regularization": 12, "vgg": [24, 3]},
}


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data in MNIST's files: ten patterns under noise."""
    folder = tmp_path_factory.mktemp("scripts") / "MNIST_data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    patterns = rng.random((10, 7, 7)).repeat(4, 1).repeat(4, 2)
    arrays: list[Any] = []
    for count in (5400, 200):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        noisy = 180 * patterns[labels] + 75 * rng.random((count, 28, 28))
        arrays += [noisy.astype(np.uint8), labels]
    for name, array in zip(mnist.FILES, arrays, strict=True):
        idx.write(folder / name.removesuffix(".gz"), array)
    return folder


def run(how: list[str], script: str, folder: Path, images: Path, *arguments: str) -> Any:
    """What the program prints at last, run in an empty folder beside MNIST's files."""
    (folder / "MNIST_data").symlink_to(images, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, *how, str(FOLDER / f"{script}.py"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_close(ours: Any, theirs: Any, where: str) -> None:
    """The same structure, numbers to 1e-4 of the larger of 1 and theirs."""
    if isinstance(theirs, dict):
        assert sorted(ours) == sorted(theirs), where
        for key, value in theirs.items():
            assert_close(ours[key], value, f"{where}/{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for place, value in enumerate(theirs):
            assert_close(ours[place], value, f"{where}[{place}]")
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-4), where
    else:
        assert ours == theirs, where


def test_every_script_is_checked() -> None:
    assert len(SCRIPTS) == 32
    assert set(SCRIPTS) == RECORD.keys() | EXPECTED.keys()
    assert not RECORD.keys() & EXPECTED.keys()
    texts = [(FOLDER / f"{script}.py").read_text(encoding="utf-8") for script in SCRIPTS]
    assert all("import tensorflow as tf" in text and "flowgraph" not in text for text in texts)


@pytest.mark.parametrize("script", sorted(RECORD))
def test_results_are_tensorflows(script: str, tmp_path: Path, images: Path) -> None:
    assert_close(run(COUNTED, script, tmp_path, images), RECORD[script], script)


@pytest.mark.parametrize("script", sorted(EXPECTED))
def test_script_runs_unchanged(script: str, tmp_path: Path, images: Path) -> None:
    found = run(COMMAND, script, tmp_path, images)
    for name, value in EXPECTED[script].items():
        assert (found[name] in value) if isinstance(value, range) else found[name] == value, name
    for name, least in REACHES.get(script, {}).items():
        assert found[name] >= least, name
    if script in FALLS:
        losses = found["losses"]
        quarter = math.ceil(len(losses) / 4)
        assert np.isfinite(losses).all()
        assert np.mean(losses[-quarter:]) < FALLS[script] * np.mean(losses[:quarter])


def test_flags_come_from_the_command_line(tmp_path: Path, images: Path) -> None:
    found = run(COMMAND, "mnist_softmax", tmp_path, images, "--max_steps=7", "--learning_rate=0.01")
    assert (found["steps"], len(found["losses"])) == (7, 7)
    assert found["losses"][0] == pytest.approx(math.log(10), rel=1e-5)
