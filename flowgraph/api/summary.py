"""Summaries (`tf.summary`)."""

from flowgraph.protos.messages import Event, SessionLog, Summary

__all__ = ["Event", "SessionLog", "Summary"]
