"""Summaries and the event files they go to (catalogue row summary-writer-demo)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import flowgraph as tf
from flowgraph.formats.events import read_events
from flowgraph.ops.summary_histogram import histogram_of


def events_in(folder: Path) -> list[Any]:
    return [event for path in sorted(folder.iterdir()) for event in read_events(path)]


def test_an_event_file_holds_the_graph_and_a_number_per_step(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        loss = tf.placeholder(tf.float32, [])
        with tf.name_scope("summaries"):
            tf.summary.scalar("loss", loss)
            tf.summary.scalar("loss", loss * 2)
        merged = tf.summary.merge_all()
        with tf.summary.FileWriter(str(tmp_path), graph) as writer:
            for step in range(5):
                writer.add_summary(session.run(merged, {loss: step / 2}), step)
    events = events_in(tmp_path)
    assert events[0].file_version == "brain.Event:2"
    graphs = [e.graph_def for e in events if e.WhichOneof("what") == "graph_def"]
    assert len(graphs) == 1
    names = {node.name for node in tf.GraphDef.FromString(graphs[0]).node}
    assert {"summaries/loss", "summaries/loss/tags", "Merge/MergeSummary"} <= names
    found = [
        (e.step, v.tag, v.simple_value)
        for e in events
        if e.WhichOneof("what") == "summary"
        for v in e.summary.value
    ]
    expected = [
        entry
        for step in range(5)
        for entry in ((step, "summaries/loss", step / 2), (step, "summaries/loss_1", float(step)))
    ]
    assert found == expected


def test_run_metadata_is_kept_under_its_tag(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        session.run(tf.constant(1.0) + 1.0, options=options, run_metadata=metadata)
        with tf.summary.FileWriter(str(tmp_path)) as writer:
            writer.add_run_metadata(metadata, "step 1", 1)
    tagged = events_in(tmp_path)[-1].tagged_run_metadata
    assert tagged.tag == "step 1"
    assert tf.RunMetadata.FromString(tagged.run_metadata) == metadata


def test_a_closed_writer_drops_events_until_it_is_reopened(tmp_path: Path) -> None:
    writer = tf.summary.FileWriter(str(tmp_path))
    writer.close()
    with pytest.warns(UserWarning, match="closed FileWriter"):
        writer.add_summary(tf.summary.Summary(), 1)
    writer.reopen()
    writer.add_summary(tf.summary.Summary(), 2)
    writer.flush()
    steps = [e.step for e in events_in(tmp_path) if e.WhichOneof("what") == "summary"]
    writer.close()
    assert steps == [2]


def test_an_empty_collection_merges_to_none_and_equal_tags_are_refused() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        assert tf.summary.merge_all() is None
        one = tf.summary.scalar("same", 1.0)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Duplicate tag same"):
            session.run(tf.summary.merge([one, one]))


def what_is_in(events: list[Any]) -> list[str]:
    return [event.WhichOneof("what") for event in events]


def test_a_graph_given_at_the_start_is_written_with_its_shapes_and_as_meta_graph(
    tmp_path: Path,
) -> None:
    with tf.Graph().as_default() as graph:
        tf.placeholder(tf.float32, [None, 3], name="x")
    tf.summary.FileWriter(str(tmp_path), graph, filename_suffix=".end").close()
    assert [path.name.endswith(".end") for path in tmp_path.iterdir()] == [True]
    events = events_in(tmp_path)
    assert what_is_in(events) == ["file_version", "graph_def", "meta_graph_def"]
    definition = tf.GraphDef.FromString(events[1].graph_def)
    shapes = definition.node[0].attr["_output_shapes"].list.shape
    assert [size.size for size in shapes[0].dim] == [-1, 3]
    assert tf.MetaGraphDef.FromString(events[2].meta_graph_def).graph_def == definition


def test_what_else_a_writer_takes(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="c")
    definition = graph.as_graph_def()
    with tf.summary.FileWriter(str(tmp_path), graph_def=definition) as writer:
        assert writer.get_logdir() == str(tmp_path)
        writer.add_graph(definition, 3)
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 5)
        writer.add_event(tf.Event(step=7))
        with pytest.raises(ValueError, match="not both"):
            writer.add_graph(graph, graph_def=definition)
        with pytest.raises(TypeError, match="must be an instance of `Graph`"):
            writer.add_graph("graph")
        with pytest.raises(TypeError, match="must be type MetaGraphDef"):
            writer.add_meta_graph(definition)
        writer.add_run_metadata(tf.RunMetadata(), "run")
        with pytest.raises(ValueError, match="already used"):
            writer.add_run_metadata(tf.RunMetadata(), "run")
    events = events_in(tmp_path)
    assert [(kind, event.step) for kind, event in zip(what_is_in(events), events, strict=True)] == [
        ("file_version", 0),
        ("graph_def", 0),
        ("meta_graph_def", 0),
        ("graph_def", 3),
        ("session_log", 5),
        (None, 7),
        ("tagged_run_metadata", 0),
    ]
    assert tf.GraphDef.FromString(events[3].graph_def) == definition
    assert events[4].session_log.status == tf.SessionLog.START


def test_metadata_are_kept_with_the_first_value_of_a_tag(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        value = session.run(tf.summary.text("note", tf.constant("words")))
    with tf.summary.FileWriter(str(tmp_path)) as writer:
        for step in range(3):
            writer.add_summary(value, step)
    values = [event.summary.value[0] for event in events_in(tmp_path)[1:]]
    assert [each.tensor.string_val[0] for each in values] == [b"words"] * 3
    assert [each.metadata.plugin_data.plugin_name for each in values] == ["text", "", ""]


def test_events_are_seen_after_the_interval(tmp_path: Path) -> None:
    patient = tf.summary.FileWriter(str(tmp_path / "a"), flush_secs=1000)
    eager = tf.summary.FileWriter(str(tmp_path / "b"), flush_secs=0)
    for writer in (patient, eager):
        writer.add_summary(tf.Summary(), 1)
    assert [len(events_in(tmp_path / name)) for name in "ab"] == [0, 2]
    patient.close()
    eager.close()
    assert len(events_in(tmp_path / "a")) == 2


def test_writers_are_shared_by_folder(tmp_path: Path) -> None:
    cache = tf.summary.FileWriterCache
    with tf.Graph().as_default():
        first, other = cache.get(str(tmp_path / "a")), cache.get(str(tmp_path / "b"))
        assert cache.get(str(tmp_path / "a")) is first
        assert other is not first
        cache.clear()
        assert cache.get(str(tmp_path / "a")) is not first
        cache.clear()
    assert what_is_in(events_in(tmp_path / "b")) == ["file_version", "graph_def", "meta_graph_def"]


def test_names_from_before_1_0(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.scalar_summary("loss now", tf.constant(0.5))
        tf.scalar_summary(["a", "b"], [1.0, 2.0], name="pair")
        tf.histogram_summary("values", tf.constant([1.0, 3.0]))
        tf.image_summary("picture", tf.ones([1, 2, 2, 3]), max_images=1)
        tf.audio_summary("sound", tf.ones([1, 5]), 10.0, max_outputs=1, collections=["sounds"])
        names = [each.op.name for each in tf.get_collection(tf.GraphKeys.SUMMARIES)]
        assert names == ["ScalarSummary", "pair", "HistogramSummary", "ImageSummary"]
        assert len(tf.get_collection("sounds")) == 1
        value = session.run(tf.merge_all_summaries())
        assert session.run(tf.merge_summary(tf.get_collection(tf.GraphKeys.SUMMARIES))) == value
        writer = tf.train.SummaryWriter(str(tmp_path), graph)
        writer.add_summary(value, 1)
        writer.close()
    tags = [each.tag for each in events_in(tmp_path)[-1].summary.value]
    assert tags == ["loss now", "a", "b", "values", "picture/image"]


def test_an_image_summary_needs_four_axes() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="must be rank 4 but is rank 3"):
        tf.summary.image("picture", tf.zeros([2, 2, 1]))


def test_a_graph_with_image_summaries_goes_through_a_graph_def() -> None:
    with tf.Graph().as_default() as graph:
        tf.summary.image("picture", tf.ones([1, 2, 2, 1]))
    definition = graph.as_graph_def()
    with tf.Graph().as_default() as again, tf.Session() as session:
        tf.import_graph_def(definition, name="")
        value = session.run("picture:0")
    assert again.as_graph_def() == definition
    assert tf.Summary.FromString(value).value[0].image.width == 2


def test_the_description_of_a_tensor_summary_node() -> None:
    node = tf.NodeDef(op="TensorSummary")
    node.attr["description"].s = b'{"typeHint": "number"}'
    assert tf.summary.get_summary_description(node).type_hint == "number"
    with pytest.raises(ValueError, match="Can't get_summary_description on Const"):
        tf.summary.get_summary_description(tf.NodeDef(op="Const"))


VALUES = arrays.arrays(
    np.float64,
    st.integers(0, 30),
    elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
)


@given(VALUES)
def test_a_histogram_accounts_for_every_value(values: Any) -> None:
    found = histogram_of(values)
    limits, counts = np.array(found.bucket_limit), np.array(found.bucket)
    assert (np.diff(limits) > 0).all()
    assert counts.sum() == found.num == values.size
    for value in values:
        # A limit is the lower end of the next bucket, or there would be a gap.
        bucket = np.searchsorted(limits, value, side="right")
        assert counts[bucket] > 0
    assert not ((counts[1:] == 0) & (counts[:-1] == 0)).any(), "empty buckets are joined"
    if values.size:
        assert (found.min, found.max) == (values.min(), values.max())
    assert found.sum == pytest.approx(values.sum())
    assert found.sum_squares == pytest.approx((values**2).sum())
