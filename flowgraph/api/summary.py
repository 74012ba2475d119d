"""Summaries (`tf.summary`)."""

from flowgraph.library.summaries import FileWriter, merge, merge_all, scalar
from flowgraph.protos.messages import Event, SessionLog, Summary

__all__ = ["Event", "FileWriter", "SessionLog", "Summary", "merge", "merge_all", "scalar"]
