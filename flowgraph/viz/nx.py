"""A graph as a NetworkX multigraph, for analysis with the algorithms of that library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowgraph.viz.bodies import with_bodies
from flowgraph.viz.interface import GraphLike, dimensions
from flowgraph.viz.kinds import classify

if TYPE_CHECKING:
    import networkx


def to_networkx(graph: GraphLike) -> networkx.MultiDiGraph[str]:
    """The graph with ops as nodes and tensors as edges.

    A node is an op's name, with `type`, `device`, `kind`, `attrs` (dict) and `outputs`, a list of
    `(dtype name, shape list or None)`. An edge leads from the op that makes a tensor to one that
    reads it, with `tensor` (its name), `dtype`, `shape`, `input` (the position in the reader) and
    `control` False. For a control dependency `control` is True, the others None.
    """
    import networkx

    ops = with_bodies(graph.get_operations())
    kinds = classify(ops)
    result: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for op in ops:
        outputs = [(tensor.dtype.name, dimensions(tensor)) for tensor in op.outputs]
        result.add_node(
            op.name,
            type=op.type,
            device=op.device,
            kind=kinds[op.name].value,
            attrs=dict(op.attrs),
            outputs=outputs,
        )
    for op in ops:
        for position, tensor in enumerate(op.inputs):
            result.add_edge(
                tensor.op.name,
                op.name,
                tensor=tensor.name,
                dtype=tensor.dtype.name,
                shape=dimensions(tensor),
                input=position,
                control=False,
            )
        for source in op.control_inputs:
            result.add_edge(
                source.name, op.name, tensor=None, dtype=None, shape=None, input=None, control=True
            )
    return result
