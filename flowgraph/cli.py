"""The command ``flowgraph``: look at graphs and checkpoints, run TensorFlow 1 programs."""

from __future__ import annotations

import argparse
import os
import re
import runpy
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from google.protobuf.message import DecodeError

import flowgraph
from flowgraph import dtypes, shim, viz
from flowgraph.errors import OpError
from flowgraph.formats.bundle import BundleReader
from flowgraph.formats.events import read_events
from flowgraph.formats.importer import import_graph_def
from flowgraph.formats.tensors import tensor_shape
from flowgraph.graph.graph import Graph
from flowgraph.protos.messages import CheckpointState, GraphDef, MetaGraphDef, SavedModel
from flowgraph.shapes import TensorShape

__all__ = ["main"]


class CommandError(Exception):
    """What the user must hear, without a traceback."""


@dataclass
class _Output:
    """An output of a node, as drawings read it."""

    op: _Node
    name: str
    dtype: dtypes.DType
    shape: TensorShape


@dataclass
class _Node:
    """A node of a GraphDef, as drawings read it."""

    name: str
    type: str
    device: str
    attrs: dict[str, Any]
    outputs: list[_Output] = field(default_factory=list)
    inputs: list[_Output] = field(default_factory=list)
    control_inputs: list[_Node] = field(default_factory=list)

    def output(self, index: int) -> _Output:
        """An output; a GraphDef does not say how many there are."""
        shapes = self.attrs.get("_output_shapes") or []
        while len(self.outputs) <= index:
            place = len(self.outputs)
            dtype = next((v for v in self.attrs.values() if isinstance(v, dtypes.DType)), None)
            shape = shapes[place] if place < len(shapes) else TensorShape(None)
            name = f"{self.name}:{place}"
            self.outputs.append(_Output(self, name, dtype or dtypes.variant, shape))
        return self.outputs[index]


class _Nodes:
    """A GraphDef of ops that are not declared here: good to look at, not to run."""

    def __init__(self, graph_def: Any) -> None:
        self._nodes = {node.name: _node(node) for node in graph_def.node}
        for message in graph_def.node:
            node = self._nodes[message.name]
            node.output(0)
            for each in message.input:
                self._connect(node, each)

    def _connect(self, node: _Node, reference: str) -> None:
        name, _, index = reference.removeprefix("^").partition(":")
        if name not in self._nodes:
            raise CommandError(f"node {node.name!r} has an input {name!r} that is not there")
        if reference.startswith("^"):
            node.control_inputs.append(self._nodes[name])
        else:
            node.inputs.append(self._nodes[name].output(int(index or 0)))

    def get_operations(self) -> list[_Node]:
        return list(self._nodes.values())


def _node(message: Any) -> _Node:
    attrs: dict[str, Any] = {}
    for key, value in message.attr.items():
        kind = value.WhichOneof("value")
        if kind == "type":
            attrs[key] = dtypes.as_dtype(value.type)
        elif kind == "shape":
            attrs[key] = tensor_shape(value.shape)
        elif kind == "list" and value.list.shape:
            attrs[key] = [tensor_shape(each) for each in value.list.shape]
        elif kind in ("i", "f", "b", "s"):
            attrs[key] = getattr(value, kind)
        else:
            attrs[key] = text_format.MessageToString(value, as_one_line=True)
    return _Node(message.name, message.op, message.device, attrs)


def read_graph_def(path: Path) -> Any:
    """The GraphDef in a file: binary or text, alone, in a MetaGraphDef, a SavedModel or an event
    file; of a folder, that of its newest checkpoint, or of the files it has.

    Raises:
        CommandError: if there is none.
        OpError: if an event file is damaged.
    """
    if path.is_dir():
        return read_graph_def(_graph_file(path))
    if not path.exists():
        meta = Path(f"{path}.meta")
        if meta.exists():
            return read_graph_def(meta)
        raise CommandError(f"{path}: no such file, and no checkpoint of that name with a .meta")
    if "tfevents" in path.name:
        return _graph_of_events(path)
    content = path.read_bytes()
    for kind in _message_kinds(path):
        message = _parsed(kind, content)
        if message is not None:
            return _graph_def_of(message)
    raise CommandError(f"{path}: neither a GraphDef nor a MetaGraphDef, binary or text")


def _message_kinds(path: Path) -> tuple[Any, ...]:
    if path.name.startswith("saved_model"):
        return (SavedModel,)
    return (MetaGraphDef, GraphDef) if path.suffix == ".meta" else (GraphDef, MetaGraphDef)


def _parsed(kind: Any, content: bytes) -> Any:
    """The message in `content`, or None if it holds no nodes."""
    message = kind()
    try:
        message.ParseFromString(content)
    except DecodeError:
        try:
            message = text_format.Parse(content.decode(), kind())
        except (text_format.ParseError, UnicodeDecodeError):
            return None
    return message if _graph_def_of(message).node else None


def _graph_def_of(message: Any) -> Any:
    if isinstance(message, SavedModel):
        return message.meta_graphs[0].graph_def if message.meta_graphs else GraphDef()
    return message.graph_def if isinstance(message, MetaGraphDef) else message


def _graph_of_events(path: Path) -> Any:
    found = None
    for event in read_events(path):
        if event.WhichOneof("what") == "graph_def":
            found = GraphDef.FromString(event.graph_def)
        elif event.WhichOneof("what") == "meta_graph_def" and found is None:
            found = MetaGraphDef.FromString(event.meta_graph_def).graph_def
    if found is None:
        raise CommandError(f"{path}: no graph in this event file")
    return found


def _newest_checkpoint(folder: Path) -> Path | None:
    state = folder / "checkpoint"
    if not state.exists():
        return None
    try:
        message = text_format.Parse(state.read_text(encoding="utf-8"), CheckpointState())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise CommandError(f"{state}: not the state file of a checkpoint: {error}") from None
    if not message.model_checkpoint_path:
        raise CommandError(f"{state}: it names no checkpoint")
    return folder / str(message.model_checkpoint_path)


def _graph_file(folder: Path) -> Path:
    newest = _newest_checkpoint(folder)
    if newest is not None and Path(f"{newest}.meta").exists():
        return Path(f"{newest}.meta")
    for pattern in ("saved_model.pb*", "*.meta", "*tfevents*", "*.pbtxt", "*.pb"):
        files = sorted(folder.glob(pattern), key=lambda file: file.stat().st_mtime)
        if files:
            return files[-1]
    raise CommandError(f"{folder}: no graph here (.meta, .pb, .pbtxt or an event file)")


def _drawable(graph_def: Any) -> Any:
    """The graph to draw; nodes of unknown ops are drawn without what only a declaration tells."""
    graph = Graph()
    try:
        with graph.as_default():
            import_graph_def(graph_def, name="")
    except (OpError, TypeError, ValueError):
        return _Nodes(graph_def)
    return graph


def view(arguments: argparse.Namespace) -> None:
    """Draw a graph."""
    graph = _drawable(read_graph_def(Path(arguments.path)))
    suffix = Path(arguments.out).suffix.lstrip(".") if arguments.out else ""
    kind = arguments.format or ("html" if suffix in ("", "htm") else suffix)
    out = Path(arguments.out or f"{Path(arguments.path).resolve().name}.{kind}")
    if kind == "html":
        viz.to_html(graph, out, title=str(arguments.path))
    elif kind == "dot":
        out.write_text(viz.to_dot(graph, depth=arguments.depth), encoding="utf-8")
    else:
        viz.render(graph, out, format=kind, depth=arguments.depth)
    print(out)
    if arguments.open:
        webbrowser.open(out.resolve().as_uri())


def checkpoint(arguments: argparse.Namespace) -> None:
    """List a checkpoint's tensors, or print one."""
    prefix: Path | None = Path(arguments.path)
    if Path(arguments.path).is_dir():
        prefix = _newest_checkpoint(Path(arguments.path))
        if prefix is None:
            raise CommandError(f"{arguments.path}: no checkpoint in this folder")
    text = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", str(prefix))
    reader = BundleReader(text)
    names = sorted(reader.keys())
    if arguments.tensor is None:
        width = max((len(name) for name in names), default=0)
        for name in names:
            print(f"{name:{width}}  {reader.dtype(name).name:8}  {list(reader.shape(name))}")
    elif arguments.tensor in names:
        print(np.array2string(reader.read(arguments.tensor), threshold=arguments.elements))
    else:
        close = [name for name in names if arguments.tensor.lower() in name.lower()]
        hint = f"; there is {', '.join(close)}" if close else ""
        raise CommandError(f"{text}: no tensor {arguments.tensor!r}{hint}")


def run(arguments: argparse.Namespace) -> None:
    """Run a program whose ``import tensorflow`` is to find flowgraph."""
    script = Path(arguments.script)
    if not script.is_file():
        raise CommandError(f"{script}: no such program")
    shim.install()
    sys.argv = [str(script), *arguments.arguments]
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def _depth(text: str) -> int:
    depth = int(text)
    if depth < 0:
        raise argparse.ArgumentTypeError(f"must not be negative: {text}")
    return depth


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flowgraph", description=__doc__)
    parser.add_argument("--version", action="version", version=flowgraph.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("view", help="draw a graph", description=read_graph_def.__doc__)
    command.add_argument("path", help="a .meta, .pb, .pbtxt or event file, a checkpoint, a folder")
    command.add_argument("--out", help="the file to write; by default one beside you")
    command.add_argument("--format", choices=("html", "dot", "svg", "png"))
    command.add_argument("--depth", type=_depth, help="levels of scopes to open in a picture")
    command.add_argument("--open", action="store_true", help="show it in a browser")
    command.set_defaults(command=view)

    command = commands.add_parser("checkpoint", help="list a checkpoint's tensors, or print one")
    command.add_argument("path", help="a checkpoint's prefix or file, or a folder for its newest")
    command.add_argument("--tensor", help="the name of the one to print")
    command.add_argument("--elements", type=int, default=1000, help="print at most so many")
    command.set_defaults(command=checkpoint)

    command = commands.add_parser("run", help="run a TensorFlow 1 program")
    command.add_argument("script")
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    command.set_defaults(command=run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (CommandError, OpError, RuntimeError, OSError) as error:
        if arguments.command is run and not isinstance(error, CommandError):
            raise
        print(f"flowgraph: {error}", file=sys.stderr)
        return 1
    return 0
