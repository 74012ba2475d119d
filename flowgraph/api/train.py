"""The names of `tf.train`."""

from flowgraph.protos.messages import CheckpointState, ClusterDef, Event, JobDef, SaverDef

__all__ = ["CheckpointState", "ClusterDef", "Event", "JobDef", "SaverDef"]
