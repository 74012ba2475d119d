"""Scalar summaries and the event files they go to (catalogue row summary-writer-demo)."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowgraph as tf
from flowgraph.formats.events import read_events


def events_in(folder: Path) -> list[object]:
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
