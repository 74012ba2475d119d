"""TensorFlow 1's loops (Enter, Merge, Switch, NextIteration, Exit) as While nodes."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.formats.branch_contexts import without_certain_switches
from flowgraph.formats.control_flow_nodes import (
    Library,
    Region,
    controls,
    data,
    kind,
    make_node,
    parts,
    producer,
    reference,
    set_inputs,
)
from flowgraph.formats.raise_branches import raise_branches
from flowgraph.protos import GraphDef, NodeDef

__all__ = ["has_raw_control_flow", "raise_control_flow"]

Frame = tuple[str, ...]

_RESOURCE = dtypes.resource.as_datatype_enum


def has_raw_control_flow(message: Any) -> bool:
    """True if a GraphDef has nodes of TensorFlow 1's control flow."""
    return any(kind(node) for node in message.node)


def raise_control_flow(message: Any) -> Any:
    """A copy of a GraphDef with its loops and conditionals as While and If nodes with functions.

    Exits and Merges become Identity nodes of the same names, so that what comes out of loops and
    conditionals keeps its name. What is inside of them moves into functions of the library.

    Raises:
        ValueError: if the nodes do not make up nested loops and conditionals.
        NotFoundError: if there is no op of a node's type.
    """
    library = Library(message)
    region = Region({})
    for node in message.node:
        copy = NodeDef()
        copy.CopyFrom(node)
        region.nodes[node.name] = copy
    _pass_variables(region)
    frames = _frames(region)
    for frame in sorted(set(frames.values()), key=len, reverse=True):
        if frame:
            _raise_frame(region, frames, frame, library)
    raise_branches(region, library)
    result = GraphDef(versions=message.versions)
    result.node.extend(region.ordered())
    result.library.CopyFrom(message.library)
    result.library.function.extend(library.functions)
    _drop_groups(result.node, region.nodes.keys())
    for function in library.functions:
        names = {node.name for node in function.node_def}
        _drop_groups(function.node_def, names)
    return result


def _drop_groups(nodes: Any, names: Any) -> None:
    """Forget colocation with nodes that are not beside these any more."""
    for node in nodes:
        if "_class" not in node.attr:
            continue
        groups = list(node.attr["_class"].list.s)
        kept = [group for group in groups if group.removeprefix(b"loc:@").decode() in names]
        if not kept:
            del node.attr["_class"]
        elif len(kept) < len(groups):
            del node.attr["_class"].list.s[:]
            node.attr["_class"].list.s.extend(kept)


def _is_back_edge(node: Any, source: Any) -> bool:
    return kind(node) == "Merge" and kind(source) == "NextIteration"


def _pass_variables(region: Region) -> None:
    """Let variables whose handles enter loops and branches do so by reference."""
    for node in region.ordered(_is_back_edge):
        if kind(node) in ("Enter", "Switch") and node.attr["T"].type == _RESOURCE:
            source = data(node)[0]
            output = region.output(source, node.name) if producer(source) in region.nodes else None
            if output is not None and output.is_ref:
                node.op, node.attr["T"].type = "Ref" + node.op, output.dtype


def _frames(region: Region) -> dict[str, Frame]:
    """In which loops each node is, from the outermost to the innermost one."""
    found: dict[str, Frame] = {}
    for node in region.ordered(_is_back_edge):
        frame: Frame = ()
        for name in map(producer, node.input):
            inner = found.get(name, ())
            if len(inner) > len(frame):
                frame = inner
        for text in data(node):
            outer = found.get(producer(text), frame)
            if outer != frame:
                raise ValueError(
                    f"The node '{node.name}' has inputs from different frames: it reads '{text}' "
                    "of another loop."
                )
        if kind(node) == "Enter":
            frame = (*frame, node.attr["frame_name"].s.decode())
        elif kind(node) == "Exit":
            if not frame:
                raise ValueError(f"The Exit node '{node.name}' is in no loop.")
            found[node.name] = frame[:-1]
            continue
        found[node.name] = frame
    return found


def _raise_frame(region: Region, frames: dict[str, Frame], frame: Frame, library: Library) -> None:
    inside = [node for node in region.nodes.values() if frames[node.name] == frame]
    exits = [
        node
        for node in region.nodes.values()
        if kind(node) == "Exit" and frames.get(producer(data(node)[0])) == frame
    ]
    for nodes in _loops(inside, exits):
        inner = [node.name for node in nodes if kind(node) != "Exit"]
        made = _Loop(region, nodes, library).build()
        for name in inner:
            del region.nodes[name], frames[name]
        if made is not None:
            region.nodes = _placed(region.nodes, made)
            frames[made.name] = frame[:-1]


def _placed(nodes: dict[str, Any], made: Any) -> dict[str, Any]:
    """The nodes, with the one that is made before the first that reads it."""
    found: dict[str, Any] = {}
    for node in nodes.values():
        if made.name not in found and made.name in map(producer, node.input):
            found[made.name] = made
        found[node.name] = node
    found.setdefault(made.name, made)
    return found


def _loops(inside: list[Any], exits: list[Any]) -> list[list[Any]]:
    """The nodes of one frame, apart for each loop: imported graphs may share a frame's name."""
    parent = {node.name: node.name for node in (*inside, *exits)}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for node in (*inside, *exits):
        if kind(node) != "Enter":
            for name in map(producer, node.input):
                if name in parent:
                    parent[root(name)] = root(node.name)
    found: dict[str, list[Any]] = {}
    for node in (*inside, *exits):
        found.setdefault(root(node.name), []).append(node)
    return list(found.values())


class _Loop:
    """One loop on its way to a While node.

    Attributes:
        variables: per loop variable its Merge, its Enter and its NextIteration.
        texts: how the functions name what nodes of the loop read.
        left: the nodes that have the last value of a variable, and its number.
        exits: the Exits, and the numbers of their variables.
        inputs: what the While reads.
        before: what the While waits for.
    """

    def __init__(self, outer: Region, nodes: list[Any], library: Library) -> None:
        self.outer = outer
        self.library = library
        self.nodes = nodes
        self.names = {node.name for node in nodes}
        self.variables: list[tuple[Any, Any, Any]] = []
        self.texts: dict[str, str] = {}
        self.inputs: list[str] = []
        self.before: list[str] = []
        self.left: dict[str, int] = {}
        self.exits: list[tuple[Any, int]] = []
        self.region = Region({})

    def build(self) -> Any:
        """The While, which the Exits read from now on; None for what is no loop at all."""
        pivots = [node for node in self.nodes if kind(node) == "LoopCond"]
        self._find_variables()
        if not pivots and not self.variables:
            return None
        if len(pivots) != 1:
            merge = self.variables[0][0] if self.variables else pivots[0]
            raise ValueError(
                f"The loop of the node '{merge.name}' has {len(pivots)} LoopCond nodes, not one."
            )
        self._find_arguments()
        kept = self._find_switches(pivots[0])
        self._fill(kept)
        results = [self._text(turn.name) for _, _, turn in self.variables]
        every = [self._text(pivots[0].name), *results]
        goes_on, *results = without_certain_switches(self.region, every)
        raise_branches(self.region, self.library)
        return self._while(goes_on, results)

    def _of_kind(self, node: Any, name: str) -> list[Any]:
        sources = [self.outer.nodes.get(producer(text)) for text in data(node)]
        return [source for source in sources if kind(source) == name]

    def _find_variables(self) -> None:
        for node in self.nodes:
            if kind(node) != "Merge":
                continue
            enters, turns = self._of_kind(node, "Enter"), self._of_kind(node, "NextIteration")
            for text in data(node):
                self.outer.output(text, node.name)
            if not enters and not turns:
                continue
            if len(enters) != 1 or len(turns) != 1 or len(data(node)) != 2:
                raise ValueError(
                    f"The Merge node '{node.name}' of a loop must join one Enter and one "
                    f"NextIteration, not {', '.join(data(node))}."
                )
            self.variables.append((node, enters[0], turns[0]))

    def _find_arguments(self) -> None:
        for merge, enter, _ in self.variables:
            name = self._argument(enter)
            self.texts[enter.name] = self.texts[merge.name] = name
        known: dict[str, str] = {}
        for node in self.nodes:
            if kind(node) != "Enter":
                continue
            self.before.extend(controls(node))
            if node.name in self.texts:
                continue
            if not node.attr["is_constant"].b:
                raise ValueError(f"The Enter node '{node.name}' leads to no Merge of its loop.")
            (source,) = data(node)
            if node.op == "RefEnter":
                self.texts[node.name] = self._reference(source)
            else:
                known[source] = known.get(source) or self._argument(node)
                self.texts[node.name] = known[source]

    def _argument(self, enter: Any) -> str:
        name = self.library.argument(len(self.inputs))
        self.inputs.extend(data(enter))
        self.region.arguments[name] = enter.attr["T"].type
        return name

    def _reference(self, source: str) -> str:
        name, changes = self.outer.variable(source)
        self.before.extend(changes)
        self._hold(name)
        return name

    def _hold(self, variable: str) -> None:
        """Let the functions know a variable."""
        self.region.nodes[variable] = self.outer.nodes[variable]
        self.before.append(variable)

    def _find_switches(self, pivot: Any) -> list[Any]:
        """Name what Switches of the loop give; the nodes that the functions consist of."""
        kept = []
        merges = {merge.name: index for index, (merge, _, _) in enumerate(self.variables)}
        for node in self.nodes:
            if kind(node) == "Switch" and producer(data(node)[1]) == pivot.name:
                source = data(node)[0]
                if source not in merges:
                    raise ValueError(
                        f"The Switch node '{node.name}' of a loop reads '{source}', which is no "
                        "loop variable."
                    )
                self.texts[reference(node.name, 1)] = self.texts[source]
                self.left[node.name] = merges[source]
            elif kind(node) in ("NextIteration", "LoopCond") and controls(node):
                kept.append(node)
            elif kind(node) in ("NextIteration", "LoopCond"):
                self.texts[node.name] = data(node)[0]
            elif kind(node) not in ("Enter", "Exit") and node.name not in merges:
                kept.append(node)
        self.exits = [(node, self._exit(node)) for node in self.nodes if kind(node) == "Exit"]
        return kept

    def _exit(self, node: Any) -> int:
        source = data(node)[0]
        passed = self.outer.nodes.get(source)
        while passed is not None and passed.op == "Identity":
            source = data(passed)[0]
            passed = self.outer.nodes.get(source)
        if source not in self.left:
            raise ValueError(f"The Exit node '{node.name}' reads '{source}', which is no Switch.")
        return self.left[source]

    def _text(self, text: str) -> str:
        """How the functions name a tensor of the loop."""
        while text in self.texts and self.texts[text] != text:
            text = self.texts[text]
        return text

    def _fill(self, kept: list[Any]) -> None:
        """Put the nodes between the loop's own ones into the functions' region."""
        names = {node.name for node in kept}
        for node in kept:
            if any(self._text(text) in self.left for text in data(node)):
                # It only runs when the loop is left: an Exit looks through it.
                self.left[node.name] = -1
                continue
            copy = NodeDef()
            copy.CopyFrom(node)
            if kind(node) in ("NextIteration", "LoopCond"):
                copy.op = "Identity"
                copy.attr["T"].type = self.outer.output(node.name, node.name).dtype
            texts = [self._text(text) for text in data(node)]
            before = []
            for name in controls(node):
                if name in names:
                    before.append(name)
                elif name in self.library.variables:
                    self._hold(name)
                    before.append(name)
            set_inputs(copy, texts, before)
            self.region.nodes[copy.name] = copy

    def _while(self, goes_on: str, results: list[str]) -> Any:
        scope = self.variables[0][0].name.rpartition("/")[0]
        name = self.library.unique(f"{scope}/While" if scope else "While")
        constant = list(self.region.arguments)[len(self.variables) :]
        condition, goes_on = self._condition(goes_on, results)
        types = list(self.region.arguments.values())
        node = make_node("While", name, self.inputs, self._waiting(), T=types)
        node.attr["cond"].func.name = self.library.add(f"{name}_cond", condition, [goes_on])
        results = [*results, *constant]
        node.attr["body"].func.name = self.library.add(f"{name}_body", self.region, results)
        node.attr["output_shapes"].list.SetInParent()
        enter = self.variables[0][1]
        if "parallel_iterations" in enter.attr:
            node.attr["parallel_iterations"].i = enter.attr["parallel_iterations"].i
        for each, index in self.exits:
            each.op = "Identity"
            before = [name for name in controls(each) if name not in self.names]
            set_inputs(each, [reference(name, index)], before)
        return node

    def _waiting(self) -> list[str]:
        return [name for name in self.before if name not in self.names]

    def _condition(self, goes_on: str, results: list[str]) -> tuple[Region, str]:
        """The nodes of the condition; those that the body has, too, under other names."""
        of_body = self.region.needed(results)
        of_condition = self.region.needed([goes_on])
        renamed = {
            name: self.library.unique(f"{name}/cond")
            for name in self.region.nodes
            if name in of_body & of_condition and name not in self.library.variables
        }
        nodes = {}
        for name, node in self.region.nodes.items():
            if name not in of_condition:
                continue
            copy = NodeDef()
            copy.CopyFrom(node)
            copy.name = renamed.get(name, name)
            texts = [_renamed(text, renamed) for text in data(node)]
            set_inputs(copy, texts, [renamed.get(each, each) for each in controls(node)])
            nodes[copy.name] = copy
        return Region(nodes, self.region.arguments), _renamed(goes_on, renamed)


def _renamed(text: str, names: dict[str, str]) -> str:
    name, index = parts(text)
    return reference(names.get(name, name), index)
