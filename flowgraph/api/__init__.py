"""What users type, a module per namespace of TensorFlow 1.

The imports below register every op, complete the graph's nodes with `node_def`, and make
``import flowgraph.nn`` work.
"""

from flowgraph import ops
from flowgraph.api import aliases
from flowgraph.formats import graphdef

__all__ = ["aliases", "graphdef", "ops"]
