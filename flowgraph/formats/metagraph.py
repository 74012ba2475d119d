"""MetaGraphDef messages: a graph with its collections and its saver, as ``.meta`` files hold it."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from flowgraph import errors
from flowgraph.formats import files
from flowgraph.formats.attributes import op_def_proto
from flowgraph.formats.graphdef import graph_def as graph_def_of
from flowgraph.formats.graphdef import strip_default_attrs as strip
from flowgraph.formats.importer import import_graph_def
from flowgraph.formats.raise_loops import has_raw_control_flow
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.opdef import registered
from flowgraph.protos import CollectionDef, GraphDef, MetaGraphDef

__all__ = [
    "create_meta_graph",
    "import_scoped_meta_graph",
    "move_into_scope",
    "read_meta_graph",
    "register_proto_function",
    "write_message",
]

# The generation of the formats, as readers of a MetaGraphDef expect to find it.
_FORMAT_VERSION = "1.15.0"
# Collections that describe TensorFlow 1's loops and conditionals, which are other nodes here.
_CONTEXTS = ("cond_context", "while_context")


@dataclass(frozen=True)
class _ProtoFunctions:
    proto_type: Any
    to_proto: Callable[..., Any]
    from_proto: Callable[..., Any]


_proto_functions: dict[str, _ProtoFunctions] = {}


def register_proto_function(
    collection_name: str,
    proto_type: Any = None,
    to_proto: Callable[..., Any] | None = None,
    from_proto: Callable[..., Any] | None = None,
) -> None:
    """Say how the items of a collection are stored in a MetaGraphDef.

    Args:
        proto_type: the class of the messages.
        to_proto: called as ``to_proto(item, export_scope=...)``; the message, or None to leave the
            item out.
        from_proto: called as ``from_proto(message, import_scope=...)``; the item.

    Raises:
        TypeError: if a function is missing.
    """
    if to_proto is None or from_proto is None or not callable(to_proto) or not callable(from_proto):
        raise TypeError("to_proto and from_proto must be callable.")
    _proto_functions[collection_name] = _ProtoFunctions(proto_type, to_proto, from_proto)


def create_meta_graph(
    graph: Graph,
    graph_def: Any = None,
    saver_def: Any = None,
    meta_info_def: Any = None,
    collection_list: Iterable[str] | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    strip_default_attrs: bool = False,
    exclude: Callable[[str], bool] | None = None,
) -> Any:
    """A MetaGraphDef of `graph`.

    Args:
        graph_def: a GraphDef to be used in place of the graph's own.
        saver_def: the SaverDef of the saver that the file shall restore with.
        meta_info_def: a MetaInfoDef to start from.
        collection_list: names of the collections to include; all if None.
        export_scope: only the nodes of this name scope, with their names relative to it.
        clear_devices: leave out where ops are placed.
        strip_default_attrs: leave out attributes that have their default values.
        exclude: says of a collection's name whether it is left out.

    Raises:
        ValueError: if a node of the scope reads one outside.
    """
    meta = MetaGraphDef()
    if meta_info_def is not None:
        meta.meta_info_def.MergeFrom(meta_info_def)
    meta.meta_info_def.tensorflow_version = _FORMAT_VERSION
    nodes = graph_def_of(graph, add_shapes=True) if graph_def is None else graph_def
    meta.graph_def.CopyFrom(nodes)
    if strip_default_attrs:
        strip(graph, meta.graph_def)
        meta.meta_info_def.stripped_default_attrs = True
    if export_scope:
        meta.graph_def.CopyFrom(_scoped(meta.graph_def, export_scope.rstrip("/") + "/"))
    if clear_devices:
        _clear_devices(meta.graph_def)
    declared = registered()
    for op_type in sorted({node.op for node in meta.graph_def.node}):
        if op_type in declared:
            meta.meta_info_def.stripped_op_list.op.append(op_def_proto(declared[op_type]))
    if saver_def is not None:
        meta.saver_def.MergeFrom(saver_def)
    names = graph.get_all_collection_keys() if collection_list is None else list(collection_list)
    for name in names:
        if exclude is None or not exclude(name):
            _export_collection(meta, graph, name, export_scope)
    return meta


def _scoped(message: Any, prefix: str) -> Any:
    found = GraphDef(versions=message.versions)
    for node in message.node:
        if not node.name.startswith(prefix):
            continue
        kept = found.node.add()
        kept.CopyFrom(node)
        kept.name = node.name.removeprefix(prefix)
        for index, text in enumerate(node.input):
            mark, name = ("^", text[1:]) if text.startswith("^") else ("", text)
            if not name.startswith(prefix):
                raise ValueError(
                    f"Graph contains unbound inputs: '{node.name}' reads '{name}' from outside."
                )
            kept.input[index] = mark + name.removeprefix(prefix)
        if "_class" in kept.attr:
            moved = [_relative_group(group, prefix) for group in node.attr["_class"].list.s]
            del kept.attr["_class"].list.s[:]
            kept.attr["_class"].list.s.extend([group for group in moved if group])
    return found


def _relative_group(group: bytes, prefix: str) -> bytes:
    target = group.removeprefix(b"loc:@").decode()
    return f"loc:@{target.removeprefix(prefix)}".encode() if target.startswith(prefix) else b""


def _clear_devices(message: Any) -> None:
    for node in message.node:
        node.device = ""


def _in_scope(item: Any, scope: str | None) -> bool:
    name = item if isinstance(item, str) else getattr(item, "name", None)
    return not scope or not isinstance(name, str) or name.startswith(scope.rstrip("/") + "/")


def _export_collection(meta: Any, graph: Graph, name: str, scope: str | None) -> None:
    items = [item for item in graph.get_collection(name) if _in_scope(item, scope)]
    stored = CollectionDef()
    try:
        _store(stored, name, items, scope)
    except (TypeError, ValueError, AttributeError) as error:
        warnings.warn(
            f"The collection {name!r} is left out of the MetaGraphDef: {error}", stacklevel=4
        )
        return
    if stored.WhichOneof("kind") is not None:
        meta.collection_def[name].CopyFrom(stored)


def _store(stored: Any, name: str, items: list[Any], scope: str | None) -> None:
    if name in _proto_functions:
        stored.bytes_list.SetInParent()
        to_proto = _proto_functions[name].to_proto
        messages = [to_proto(item, export_scope=scope) for item in items]
        stored.bytes_list.value.extend([m.SerializeToString() for m in messages if m is not None])
    elif not items:
        return
    elif isinstance(items[0], str | bytes):
        encoded = [each.encode() if isinstance(each, str) else each for each in items]
        stored.bytes_list.value.extend(encoded)
    elif isinstance(items[0], bool | int):
        stored.int64_list.value.extend([int(each) for each in items])
    elif isinstance(items[0], float):
        stored.float_list.value.extend(items)
    else:
        prefix = scope.rstrip("/") + "/" if scope else ""
        stored.node_list.value.extend([each.name.removeprefix(prefix) for each in items])


def read_meta_graph(source: Any) -> Any:
    """The MetaGraphDef in a file, binary or text, or `source` itself if it is a message.

    Raises:
        OSError: if there is no such file.
        DataLossError: if it holds no MetaGraphDef.
    """
    if isinstance(source, MetaGraphDef):
        return source
    if hasattr(source, "SerializeToString"):
        return MetaGraphDef.FromString(source.SerializeToString())
    path = os.fspath(source)
    if not os.path.exists(path):
        raise OSError(f"File {path} does not exist.")
    with files.typed_errors(path), open(path, "rb") as file:
        content = file.read()
    try:
        return MetaGraphDef.FromString(content)
    except DecodeError:
        pass
    try:
        return text_format.Parse(content.decode(), MetaGraphDef())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise errors.DataLossError(
            None, None, f"Cannot parse file {path} as a MetaGraphDef: {error}"
        ) from None


def write_message(message: Any, path: str, as_text: bool = False) -> None:
    """Write a message to a file, which appears whole or not at all. Raises OpError."""
    text = text_format.MessageToString(message).encode() if as_text else None
    with files.replacing(path) as file:
        file.write(message.SerializeToString() if text is None else text)


def import_scoped_meta_graph(
    meta: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Iterable[str] | None = None,
    restore_collections_predicate: Callable[[str], bool] | None = None,
) -> tuple[str, list[Any] | None]:
    """Add a MetaGraphDef's nodes and collections to the default graph.

    Args:
        meta: the message.
        clear_devices: forget where its ops were placed.
        import_scope: a name scope to put the nodes into.
        restore_collections_predicate: says of a collection's name whether it is wanted.

    Returns:
        The prefix that the nodes' names got, and what `return_elements` names.

    Raises:
        ValueError: as `import_graph_def` does.
    """
    graph = get_default_graph()
    message = meta.graph_def
    if clear_devices:
        message = GraphDef.FromString(message.SerializeToString())
        _clear_devices(message)
    prefix = ""
    if import_scope:
        with graph.name_scope(import_scope) as prefix:
            pass
    returned = import_graph_def(
        message,
        input_map=input_map,
        return_elements=None if return_elements is None else list(return_elements),
        name=prefix,
        producer_op_list=meta.meta_info_def.stripped_op_list,
    )
    raised = has_raw_control_flow(message)
    inside = _names_inside(message, graph, prefix) if raised else frozenset()
    for name in sorted(meta.collection_def):
        if raised and name in _CONTEXTS:
            continue
        if restore_collections_predicate is None or restore_collections_predicate(name):
            _import_collection(graph, name, meta.collection_def[name], prefix, inside)
    return prefix, returned


def _names_inside(message: Any, graph: Graph, prefix: str) -> frozenset[str]:
    """The nodes that are inside of functions now, where nobody can fetch them."""
    names = (node.name for node in message.node)
    return frozenset(name for name in names if prefix + name not in graph._by_name)


def move_into_scope(name: str, prefix: str) -> str:
    """The name of a node after import into a scope: ``^W`` becomes ``^scope/W``.

    >>> move_into_scope("W:0", "scope/"), move_into_scope("^W", "scope/")
    ('scope/W:0', '^scope/W')
    """
    return re.sub(r"^(\^|loc:@)?", lambda mark: (mark[1] or "") + prefix, name)


def _import_collection(
    graph: Graph, name: str, stored: Any, prefix: str, inside: frozenset[str]
) -> None:
    kind = stored.WhichOneof("kind")
    if kind is None:
        return
    values = getattr(stored, kind).value
    known = _proto_functions.get(name)
    if kind == "bytes_list" and known is not None:
        scope = prefix.rstrip("/")
        for content in values:
            message = known.proto_type.FromString(content)
            graph.add_to_collection(name, known.from_proto(message, import_scope=scope))
    elif kind == "node_list":
        for each in values:
            if each.removeprefix("^").partition(":")[0] in inside:
                warnings.warn(
                    f"'{each}' of the collection {name!r} is left out: it is in a loop or branch.",
                    stacklevel=4,
                )
                continue
            graph.add_to_collection(name, graph.as_graph_element(move_into_scope(each, prefix)))
    else:
        for each in values:
            graph.add_to_collection(name, each)
