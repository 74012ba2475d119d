"""Checkpoints of sessions: saving, restoring, keeping, and what happens when something is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from saver_models import VALUE, initialized, saved, variables


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return str(tmp_path / "model")


def files_of(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir())


def test_a_new_graph_gets_the_saved_values(prefix: str) -> None:
    assert saved(prefix) == prefix
    w, b = tf.Variable(tf.zeros([2, 2]), name="W"), tf.Variable([0, 0], name="b")
    with tf.Session() as session:
        tf.train.Saver().restore(session, prefix)
        np.testing.assert_array_equal(session.run(w), VALUE)
        np.testing.assert_array_equal(session.run(b), [5, 6])


def test_files(tmp_path: Path, prefix: str) -> None:
    saved(prefix)
    assert files_of(tmp_path) == [
        "checkpoint",
        "model.data-00000-of-00001",
        "model.index",
        "model.meta",
    ]


def test_nodes(graph: Any) -> None:
    variables()
    saver = tf.train.Saver()
    names = [op.name for op in graph.get_operations()]
    assert names[names.index("save/filename/input") :] == [
        "save/filename/input",
        "save/filename",
        "save/Const",
        "save/SaveV2/tensor_names",
        "save/SaveV2/shape_and_slices",
        "save/SaveV2",
        "save/control_dependency",
        "save/RestoreV2/tensor_names",
        "save/RestoreV2/shape_and_slices",
        "save/RestoreV2",
        "save/Assign",
        "save/Assign_1",
        "save/restore_all",
    ]
    message = saver.as_saver_def()
    assert message.filename_tensor_name == "save/Const:0"
    assert message.save_tensor_name == "save/control_dependency:0"
    assert message.restore_op_name == "save/restore_all"
    assert (message.max_to_keep, message.version) == (5, tf.train.SaverDef.V2)


def test_subsets_and_other_names(prefix: str) -> None:
    saved(prefix)
    other = tf.Variable(tf.zeros([2, 2]), name="other")
    untouched = tf.Variable(7, name="b")
    with initialized() as session:
        tf.train.Saver({"W": other}).restore(session, prefix)
        np.testing.assert_array_equal(session.run(other), VALUE)
        assert session.run(untouched) == 7


def test_a_list_of_variables_saves_only_those(prefix: str) -> None:
    _, b = variables()
    tf.train.Saver([b]).save(initialized(), prefix)
    assert tf.train.list_variables(prefix) == [("b", [2])]


@pytest.mark.parametrize("sharded", [False, True])
def test_every_element_type(sharded: bool, tmp_path: Path, prefix: str) -> None:
    values = {
        "half": np.array([1.5, -2], np.float16),
        "double": np.array(2.5),
        "long": np.arange(3, dtype=np.int64),
        "flags": np.array([True, False]),
        "complex": np.array([1 + 2j], np.complex64),
        "empty": np.zeros((0, 3), np.float32),
        "text": np.array([b"a", b"\xff\x00"], np.object_),
    }
    held = {name: tf.Variable(value, name=name) for name, value in values.items()}
    saver = tf.train.Saver(sharded=sharded)
    with initialized() as session:
        saver.save(session, prefix, write_meta_graph=False, write_state=False)
    assert files_of(tmp_path) == ["model.data-00000-of-00001", "model.index"]
    with tf.Session() as session:
        saver.restore(session, prefix)
        for name, variable in held.items():
            found = np.asarray(session.run(variable))
            np.testing.assert_array_equal(found, values[name])
            assert found.dtype == values[name].dtype


def test_shards_of_several_devices_become_one_checkpoint(tmp_path: Path, prefix: str) -> None:
    with tf.device("/job:ps/task:0"):
        w = tf.Variable(VALUE, name="W")
    with tf.device("/job:ps/task:1"):
        b = tf.Variable([5, 6], name="b")
    saver = tf.train.Saver(sharded=True)
    with initialized() as session:
        saver.save(session, prefix, write_meta_graph=False, write_state=False)
        session.run([tf.assign(w, tf.zeros([2, 2])), tf.assign(b, [0, 0])])
        saver.restore(session, prefix)
        np.testing.assert_array_equal(session.run(w), VALUE)
        np.testing.assert_array_equal(session.run(b), [5, 6])
    assert files_of(tmp_path) == ["model.data-00000-of-00001", "model.index"]


def test_partitioned_variables_are_one_tensor(prefix: str) -> None:
    partitioner = tf.fixed_size_partitioner(2)
    whole = np.arange(8, dtype=np.float32).reshape(4, 2)
    parts = tf.get_variable("W", [4, 2], partitioner=partitioner)
    saver = tf.train.Saver()
    with initialized() as session:
        first, second = list(parts)
        session.run([tf.assign(first, whole[:2]), tf.assign(second, whole[2:])])
        saver.save(session, prefix)
    np.testing.assert_array_equal(tf.train.load_variable(prefix, "W"), whole)
    with tf.Session() as session:
        saver.restore(session, prefix)
        np.testing.assert_array_equal(session.run(first), whole[:2])
        np.testing.assert_array_equal(session.run(second), whole[2:])


def test_reshape(prefix: str) -> None:
    saved(prefix)
    flat = tf.Variable(tf.zeros([4]), name="W")
    with initialized() as session:
        tf.train.Saver([flat], reshape=True).restore(session, prefix)
        np.testing.assert_array_equal(session.run(flat), [1, 2, 3, 4])


@pytest.mark.parametrize("kind", ["number", "variable"])
def test_global_step_in_the_name(kind: str, prefix: str) -> None:
    step = tf.Variable(12, name="step")
    saver = tf.train.Saver()
    with initialized() as session:
        given = 12 if kind == "number" else step
        assert saver.save(session, prefix, global_step=given) == f"{prefix}-12"
        padded = tf.train.Saver(pad_step_number=True)
        assert padded.save(session, prefix, global_step=given) == f"{prefix}-00000012"
    assert tf.train.latest_checkpoint(os.path.dirname(prefix)) == f"{prefix}-00000012"


def test_only_the_newest_are_kept(tmp_path: Path, prefix: str) -> None:
    variables()
    saver = tf.train.Saver(max_to_keep=2)
    with initialized() as session:
        for step in range(4):
            saver.save(session, prefix, global_step=step, write_meta_graph=step == 0)
    assert saver.last_checkpoints == [f"{prefix}-2", f"{prefix}-3"]
    assert [name for name in files_of(tmp_path) if name.endswith(("index", "meta"))] == [
        "model-2.index",
        "model-3.index",
    ]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state.model_checkpoint_path == f"{prefix}-3"
    assert list(state.all_model_checkpoint_paths) == saver.last_checkpoints


@pytest.mark.parametrize("limit", [None, 0])
def test_without_limit_all_are_kept(limit: int | None, tmp_path: Path, prefix: str) -> None:
    variables()
    saver = tf.train.Saver(max_to_keep=limit)
    with initialized() as session:
        for step in range(7):
            saver.save(session, prefix, global_step=step, write_meta_graph=False)
    assert len([name for name in files_of(tmp_path) if name.endswith("index")]) == 7


def test_one_checkpoint_per_period_is_kept_for_good(tmp_path: Path, prefix: str) -> None:
    variables()
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1e-9)
    with initialized() as session:
        for step in range(3):
            saver.save(session, prefix, global_step=step, write_meta_graph=False)
    found = [name for name in files_of(tmp_path) if name.endswith("index")]
    assert found == ["model-0.index", "model-1.index", "model-2.index"]
    assert saver.last_checkpoints == [f"{prefix}-2"]


def test_recovered_checkpoints_are_deleted_in_turn(tmp_path: Path, prefix: str) -> None:
    variables()
    with initialized() as session:
        first = tf.train.Saver()
        paths = [first.save(session, prefix, step) or "" for step in range(2)]
        second = tf.train.Saver(max_to_keep=2)
        second.recover_last_checkpoints([*paths, str(tmp_path / "gone")])
        assert second.last_checkpoints == paths
        second.save(session, prefix, global_step=2)
    assert not tf.train.checkpoint_exists(paths[0]) and tf.train.checkpoint_exists(paths[1])


def test_relative_paths(tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables()
    with initialized() as session:
        tf.train.Saver(save_relative_paths=True).save(session, prefix)
    assert 'model_checkpoint_path: "model"' in (tmp_path / "checkpoint").read_text()
    assert tf.train.latest_checkpoint(str(tmp_path)) == prefix
    monkeypatch.chdir(tmp_path)
    with initialized() as session:
        assert tf.train.Saver().save(session, "./here") == "./here"
    assert tf.train.latest_checkpoint(".") == "./here"


# -- what can be wrong


def restored_values(restore_from: str, saver: Any, kept: list[Any], error: Any, match: str) -> None:
    """Check that the restore fails and that all variables keep their values."""
    with initialized() as session:
        before = session.run(kept)
        with pytest.raises(error, match=match):
            saver.restore(session, restore_from)
        for old, new in zip(before, session.run(kept), strict=True):
            np.testing.assert_array_equal(old, new)


def test_missing_names_are_listed_with_close_ones(prefix: str) -> None:
    saved(prefix)
    kept = [tf.Variable(tf.zeros([2, 2]), name="W"), tf.Variable([0, 0], name="bb")]
    match = r"(?s)Key bb not found in checkpoint.*bb \(similar there: b\).*not asked for:\n  b"
    restored_values(prefix, tf.train.Saver(), kept, tf.errors.NotFoundError, match)


def test_other_shapes_are_listed(prefix: str) -> None:
    saved(prefix)
    kept = [tf.Variable([0, 0], name="b"), tf.Variable(tf.zeros([3, 2]), name="W")]
    match = r"W has the shape \[3,2\], in the checkpoint \[2, 2\]"
    restored_values(prefix, tf.train.Saver(), kept, tf.errors.InvalidArgumentError, match)


def test_other_element_types_are_listed(prefix: str) -> None:
    saved(prefix)
    kept = [tf.Variable(tf.zeros([2, 2]), name="W"), tf.Variable([0.0, 0.0], name="b")]
    match = "b is float32, in the checkpoint int32"
    restored_values(prefix, tf.train.Saver(), kept, tf.errors.InvalidArgumentError, match)


@pytest.mark.parametrize("position", [0, -1])
def test_a_flipped_bit_is_found_before_anything_changes(position: int, prefix: str) -> None:
    saved(prefix)
    data = Path(prefix + ".data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[position] ^= 1
    data.write_bytes(content)
    kept = [tf.Variable(tf.zeros([2, 2]), name="W"), tf.Variable([0, 0], name="b")]
    restored_values(prefix, tf.train.Saver(), kept, tf.errors.DataLossError, "checksum|damaged")


def test_a_missing_data_file_is_named(prefix: str) -> None:
    saved(prefix)
    os.unlink(prefix + ".data-00000-of-00001")
    kept = [tf.Variable(tf.zeros([2, 2]), name="W"), tf.Variable([0, 0], name="b")]
    restored_values(prefix, tf.train.Saver(), kept, tf.errors.NotFoundError, r"data-00000-of-00001")


def test_a_failed_save_leaves_the_previous_checkpoint(prefix: str) -> None:
    w, b = variables()
    saver = tf.train.Saver()
    with initialized() as session:
        saver.save(session, prefix)
    with tf.Session() as session:
        session.run(w.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value b"):
            saver.save(session, prefix)
        saver.restore(session, prefix)
        np.testing.assert_array_equal(session.run(b), [5, 6])


def test_bad_paths(tmp_path: Path, prefix: str) -> None:
    variables()
    saver = tf.train.Saver()
    with initialized() as session:
        with pytest.raises(ValueError, match="The passed save_path is not a valid checkpoint"):
            saver.restore(session, str(tmp_path / "nothing"))
        with pytest.raises(ValueError, match="Can't load save_path when it is None"):
            saver.restore(session, None)
        with pytest.raises(ValueError, match="doesn't exist, can't save"):
            saver.save(session, str(tmp_path / "no" / "such" / "model"))
        with pytest.raises(ValueError, match="'latest_filename' collides with 'save_path'"):
            saver.save(session, str(tmp_path / "checkpoint"))
        with pytest.raises(ValueError, match="must not contain path components"):
            saver.save(session, prefix, latest_filename="a/b")
    with pytest.raises(TypeError, match="must be a Session"):
        saver.save(None, prefix)


def test_bad_lists_of_variables(prefix: str) -> None:
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    assert tf.train.Saver(allow_empty=True).save(tf.Session(), prefix) is None
    w, _ = variables()
    with pytest.raises(TypeError, match="Variable to save is not a Variable"):
        tf.train.Saver([tf.constant(1.0)])
    with pytest.raises(ValueError, match="At least two variables have the same name: W"):
        tf.train.Saver([w, w])
    with pytest.raises(ValueError, match="restored with two names"):
        tf.train.Saver({"a": w, "c": w})
    with pytest.raises(ValueError, match="should be passed in a dict or a list"):
        tf.train.Saver(7)
    with pytest.raises(ValueError, match="build cannot be deferred"):
        tf.train.Saver([w], defer_build=True)
    with pytest.raises(RuntimeError, match="should be called before save"):
        tf.train.Saver(defer_build=True).save(tf.Session(), prefix)


def test_damage_in_the_last_shard_is_found_before_anything_changes(prefix: str) -> None:
    saved(prefix)
    data = Path(prefix + ".data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[-1] ^= 1  # of b, the later one in the file
    data.write_bytes(content)
    with tf.device("/job:ps/task:0"):
        w = tf.Variable(tf.zeros([2, 2]), name="W")
    with tf.device("/job:ps/task:1"):
        b = tf.Variable([0, 0], name="b")
    saver = tf.train.Saver(sharded=True)
    restored_values(prefix, saver, [w, b], tf.errors.DataLossError, "checksum")
