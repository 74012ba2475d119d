"""What users type, a module per namespace of TensorFlow 1.

The imports below register every op and complete the graph's nodes with `node_def`.
"""

import flowgraph.formats.graphdef
import flowgraph.ops

__all__: list[str] = []
