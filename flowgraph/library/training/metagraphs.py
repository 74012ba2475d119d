"""Graphs with their collections as ``.meta`` files; GraphDefs as files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from flowgraph.formats.metagraph import (
    create_meta_graph,
    import_scoped_meta_graph,
    read_meta_graph,
    register_proto_function,
    write_message,
)
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.variables import Variable
from flowgraph.protos import VariableDef

__all__ = [
    "export_meta_graph",
    "import_meta_graph_with_elements",
    "register_proto_function",
    "write_graph",
]


def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Iterable[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> Any:
    """A MetaGraphDef of a graph, also written to a file if `filename` is given.

    Args:
        filename: where to write it.
        meta_info_def: a MetaInfoDef to start from.
        graph_def: a GraphDef in place of the graph's own.
        saver_def: the saver that `import_meta_graph` shall return.
        collection_list: names of the collections to include; all if None.
        as_text: write it as text.
        graph: the default graph if None.
        export_scope: only the nodes of this name scope, with names relative to it.
        clear_devices: leave out where ops are placed.
        clear_extraneous_savers: leave out other savers.
        strip_default_attrs: leave out attributes that have their default values.
        save_debug_info: accepted for compatibility.

    Raises:
        ValueError: if a node of the scope reads one outside.
        OpError: if the file cannot be written.
    """
    meta = create_meta_graph(
        get_default_graph() if graph is None else graph,
        graph_def=graph_def,
        saver_def=saver_def,
        meta_info_def=meta_info_def,
        collection_list=collection_list,
        export_scope=export_scope,
        clear_devices=clear_devices,
        strip_default_attrs=strip_default_attrs,
        exclude=(lambda name: name == GraphKeys.SAVERS) if clear_extraneous_savers else None,
    )
    if filename is not None:
        write_message(meta, os.fspath(filename), as_text)
    return meta


def import_meta_graph_with_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Iterable[str] | None = None,
    **kwargs: Any,
) -> tuple[Any, str, Any]:
    """The message, the prefix that its nodes got, and the nodes that `return_elements` names."""
    meta = read_meta_graph(meta_graph_or_file)
    prefix, returned = import_scoped_meta_graph(
        meta, clear_devices, import_scope, return_elements=return_elements, **kwargs
    )
    return meta, prefix, returned


def write_graph(graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True) -> str:
    """Write a GraphDef to a file, whose folder is made if need be; returns its path."""
    message = graph_or_graph_def
    if isinstance(message, Graph):
        message = message.as_graph_def()
    os.makedirs(logdir, exist_ok=True)
    path = os.path.join(logdir, name)
    write_message(message, path, as_text)
    return path


for _key in (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.GLOBAL_STEP,
    GraphKeys.EVAL_STEP,
):
    register_proto_function(
        _key, proto_type=VariableDef, to_proto=Variable.to_proto, from_proto=Variable.from_proto
    )
