"""The file "checkpoint", and looking into checkpoints without a graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.formats.bundle import BundleReader
from saver_models import VALUE, initialized, saved


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return str(tmp_path / "model")


def test_checkpoint_state_errors(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert tf.train.get_checkpoint_state(folder) is None
    assert tf.train.latest_checkpoint(folder) is None
    (tmp_path / "checkpoint").write_text("no: text: format")
    assert tf.train.get_checkpoint_state(folder) is None
    (tmp_path / "checkpoint").write_text("")
    with pytest.raises(ValueError, match="Invalid checkpoint state"):
        tf.train.get_checkpoint_state(folder)
    tf.train.update_checkpoint_state(folder, str(tmp_path / "gone"))
    assert tf.train.latest_checkpoint(folder) is None
    with pytest.raises(ValueError, match="Number of timestamps"):
        tf.train.generate_checkpoint_state_proto(
            folder, "m", all_model_checkpoint_timestamps=[1, 2]
        )
    with pytest.raises(RuntimeError, match="conflicts with path used for checkpoint state"):
        tf.train.update_checkpoint_state(folder, str(tmp_path / "checkpoint"))


def test_reader(tmp_path: Path, prefix: str) -> None:
    saved(prefix)
    reader = tf.train.NewCheckpointReader(prefix)
    assert reader.get_variable_to_shape_map() == {"W": [2, 2], "b": [2]}
    assert reader.get_variable_to_dtype_map() == {"W": tf.float32, "b": tf.int32}
    assert reader.has_tensor("W") and not reader.has_tensor("V")
    np.testing.assert_array_equal(reader.get_tensor("W"), VALUE)
    np.testing.assert_array_equal(tf.train.load_variable(str(tmp_path), "b"), [5, 6])
    assert tf.train.list_variables(str(tmp_path)) == [("W", [2, 2]), ("b", [2])]
    with pytest.raises(tf.errors.NotFoundError, match="Key V not found"):
        reader.get_tensor("V")
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file"):
        tf.train.load_checkpoint(str(tmp_path.parent))


def test_remove_checkpoint(tmp_path: Path, prefix: str) -> None:
    saved(prefix)
    saved(prefix + "1")
    tf.train.remove_checkpoint(prefix)
    assert not tf.train.checkpoint_exists(prefix)
    assert BundleReader(prefix + "1").keys() == ["W", "b"]
    assert len(tf.train.get_checkpoint_mtimes([prefix, prefix + "1"])) == 1


def test_init_from_checkpoint(prefix: str) -> None:
    saved(prefix)
    with tf.variable_scope("net"):
        w = tf.get_variable("W", [2, 2])
        b = tf.get_variable("b", [2], tf.int32)
    tf.train.init_from_checkpoint(prefix, {"/": "net/"})
    with initialized() as session:
        np.testing.assert_array_equal(session.run(w), VALUE)
        np.testing.assert_array_equal(session.run(b), [5, 6])


def test_init_from_checkpoint_errors(prefix: str) -> None:
    saved(prefix)
    w = tf.get_variable("W", [3])
    with pytest.raises(ValueError, match="doesn't match with shape of tensor"):
        tf.train.init_from_checkpoint(prefix, {"W": w})
    with pytest.raises(ValueError, match="Tensor V is not found"):
        tf.train.init_from_checkpoint(prefix, {"V": "W"})
    with pytest.raises(ValueError, match="Variable V is not found"):
        tf.train.init_from_checkpoint(prefix, {"W": "V"})
