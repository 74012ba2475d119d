"""Running a program (`tf.app`)."""

from flowgraph.api import flags
from flowgraph.library.platform.app import run

__all__ = ["flags", "run"]
