"""TensorFlow 1's conditionals (Switch and Merge) as If nodes with functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph import dtypes
from flowgraph.formats.branch_contexts import Contexts, Group
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
from flowgraph.protos import NodeDef

__all__ = ["raise_branches"]

_BOOL = dtypes.bool.as_datatype_enum
_INT32 = dtypes.int32.as_datatype_enum
_RESOURCE = dtypes.resource.as_datatype_enum
_VARIANT = dtypes.variant.as_datatype_enum
_STRING = dtypes.string.as_datatype_enum
_FALSE, _TRUE = 0, 1
_BRANCHES = (_FALSE, _TRUE)


def raise_branches(region: Region, library: Library) -> None:
    """Replace the conditionals of a region, which has no loops, by If nodes.

    The Merges become Identity nodes of the same name. Nodes of a branch that no Merge depends on
    vanish: nothing outside can have asked for them.

    Raises:
        ValueError: if Switches and Merges do not make up nested conditionals.
    """
    while any(kind(node) in ("Switch", "Merge") for node in region.nodes.values()):
        contexts = Contexts(region)
        _Round(region, library, contexts).run()
    for node in region.nodes.values():
        if kind(node) == "ControlTrigger":
            node.op = "NoOp"


class _Round:
    """The outermost conditionals of a region on their way to If nodes."""

    def __init__(self, region: Region, library: Library, contexts: Contexts) -> None:
        self.region = region
        self.library = library
        self.contexts = contexts
        self.switches = {name: region.nodes[name] for name in contexts.switches}
        # Tensors of branches that other groups read, and groups that others wait for.
        self.shared: dict[int, list[str]] = {}
        self.awaited: dict[int, list[str]] = {}
        self.counted: set[str] = set()
        self.names: dict[int, str] = {}

    def run(self) -> None:
        groups = self.contexts.groups
        for group in groups:
            first = (group.merges or list(group.members))[0]
            scope = first.rpartition("/")[0]
            self.names[id(group)] = self.library.unique(f"{scope}/If" if scope else "If")
        self._find_uses()
        made = [self._if(group) for group in groups if self._is_used(group)]
        nodes = self.region.nodes
        for name in list(nodes):
            gone = name in self.contexts.switches or name in self.contexts.dead
            home = self.contexts.group_of.get(name)
            if gone or (home is not None and name in home.members):
                del nodes[name]
        for node in nodes.values():
            self._rewire(node)
        self.region.nodes = self._placed(dict(made))

    def _placed(self, made: dict[str, Any]) -> dict[str, Any]:
        """The nodes of the region, each If before the first Merge that reads it."""
        found: dict[str, Any] = {}

        def place(node: Any) -> None:
            for name in map(producer, node.input):
                if name in made:
                    place(made.pop(name))
            found[node.name] = node

        for node in self.region.nodes.values():
            place(node)
        return found

    def _is_used(self, group: Group) -> bool:
        return bool(group.merges or id(group) in self.shared or id(group) in self.awaited)

    def _home(self, name: str) -> Group | None:
        """The group that a node is a member of."""
        group = self.contexts.group_of.get(name)
        return group if group is not None and name in group.members else None

    def _find_uses(self) -> None:
        """Find what groups give to others besides what Merges join."""
        for node in self.contexts.order:
            if node.name in self.contexts.dead or node.name in self.contexts.switches:
                continue
            place = self.contexts.group_of.get(node.name)
            for text in data(node):
                name, index = parts(text)
                if index == 1 and name in self.contexts.exits:
                    self.counted.add(name)
                home = self._home(name)
                if home is not None and home is not place:
                    _append(self.shared, id(home), text)
            for name in controls(node):
                home = self._home(name)
                if home is None or home is self._home(node.name):
                    continue
                if not self._only_guards(name, home):
                    _append(self.awaited, id(home), name)

    def _only_guards(self, name: str, home: Group) -> bool:
        """True for a node that others wait for only in order to be in its branch."""
        node = self.region.nodes[name]
        if node.op != "Identity" or controls(node):
            return False
        return self.contexts.switches.get(producer(data(node)[0])) == home.predicate

    def _rewire(self, node: Any) -> None:
        """Let a node that stays wait for Ifs in place of their members."""
        before = []
        for name in controls(node):
            home = self._group_behind(name)
            if home is not None:
                before.append(self.names[id(home)])
            elif name in self.contexts.switches:
                before.extend(self._behind_switch(name))
            elif name in self.region.nodes:
                before.append(name)
        set_inputs(node, data(node), before)

    def _group_behind(self, name: str) -> Group | None:
        home = self._home(name)
        return home if home is not None and name in self.awaited.get(id(home), ()) else None

    def _behind_switch(self, name: str) -> list[str]:
        """What a Switch waits for."""
        node = self.switches[name]
        return [each for each in map(producer, node.input) if each in self.region.nodes]

    def _if(self, group: Group) -> tuple[str, Any]:
        name = self.names[id(group)]
        branches = _Branches(self, group)
        results, types = self._results(group, branches)
        for branch in _BRANCHES:
            raise_branches(branches.regions[branch], self.library)
        functions = [
            self.library.add(f"{name}_{word}", branches.regions[branch], results[branch])
            for branch, word in ((_FALSE, "else"), (_TRUE, "then"))
        ]
        inputs = [group.predicate, *branches.arguments]
        arguments = list(branches.types.values())
        node = make_node(
            "If", name, inputs, branches.before, Tcond=_BOOL, Tin=arguments, Tout=types
        )
        node.attr["output_shapes"].list.SetInParent()
        node.attr["else_branch"].func.name, node.attr["then_branch"].func.name = functions
        return name, node

    def _results(self, group: Group, branches: _Branches) -> tuple[list[list[str]], list[int]]:
        """What each branch returns; the Merges become Identity nodes that read it."""
        results: list[list[str]] = [[], []]
        types: list[int] = []
        name = self.names[id(group)]
        for merge in group.merges:
            node = self.contexts.nodes[merge]
            inputs = self._sides(node, group)
            dtype = node.attr["T"].type
            for branch in _BRANCHES:
                results[branch].append(branches.tensor(inputs[branch], branch))
            types.append(dtype)
            found = [reference(name, len(types) - 1)]
            if merge in self.counted:
                for branch in _BRANCHES:
                    position = data(node).index(inputs[branch])
                    results[branch].append(branches.constant(branch, _INT32, position))
                types.append(_INT32)
                found.append(reference(name, len(types) - 1))
            _become_identity(node, found, [dtype, _INT32][: len(found)])
        for text in self.shared.get(id(group), ()):
            home = group.members[producer(text)]
            dtype = self.region.output(text, name).dtype
            for branch in _BRANCHES:
                there = branches.tensor(text, branch) if branch == home else None
                results[branch].append(there or branches.stand_in(branch, dtype))
            types.append(dtype)
        waiting = self.awaited.get(id(group), ())
        if waiting:
            for branch in _BRANCHES:
                inside = [each for each in waiting if group.members[each] == branch]
                before = [branches.trigger(branch, inside)]
                results[branch].append(branches.constant(branch, _BOOL, 1, before))
            types.append(_BOOL)
        return results, types

    def shared_output(self, group: Group, text: str) -> str:
        """How a tensor of a branch is read from the If, which has it after those of Merges."""
        first = len(group.merges) + len(self.counted.intersection(group.merges))
        return reference(self.names[id(group)], first + self.shared[id(group)].index(text))

    def _sides(self, node: Any, group: Group) -> dict[int, str]:
        """The inputs of a Merge by branch."""
        return {self.contexts.branch(text, group.predicate): text for text in data(node)}


class _Branches:
    """The two branches of one If while they are put together.

    Attributes:
        arguments: the tensors outside that the branches read.
        types: the types of the branches' arguments, by name.
        before: what the If waits for.
    """

    def __init__(self, outer: _Round, group: Group) -> None:
        self.outer = outer
        self.group = group
        self.arguments: dict[str, str] = {}
        self.types: dict[str, int] = {}
        self.before: list[str] = []
        # Both share the arguments, known when all nodes are there.
        self.regions = {branch: Region({}, self.types) for branch in _BRANCHES}
        self._switches = outer.switches
        for name, branch in group.members.items():
            copy = NodeDef()
            copy.CopyFrom(outer.contexts.nodes[name])
            self.regions[branch].nodes[name] = copy
        for branch in _BRANCHES:
            for node in list(self.regions[branch].nodes.values()):
                texts = [self.tensor(text, branch) for text in data(node)]
                set_inputs(node, texts, self._waiting(node, branch))

    def tensor(self, text: str, branch: int) -> str:
        """How the branch names a tensor that it reads."""
        name, _ = parts(text)
        home = self.outer._home(name)
        if home is self.group:
            return text
        if home is not None:
            dtype = self.outer.region.output(text, name).dtype
            return self._argument(self.outer.shared_output(home, text), dtype)
        if name in self._switches:
            switch = self._switches[name]
            source, predicate = data(switch)
            self._wait(controls(switch))
            chosen = self.outer.region.nodes.get(producer(predicate))
            if chosen is not None and controls(chosen):
                self._wait([chosen.name])
            return self._outside(source, branch, switch.attr["T"].type)
        return self._outside(text, branch, None)

    def _outside(self, text: str, branch: int, dtype: int | None) -> str:
        region = self.outer.region
        if dtype is None or producer(text) in region.nodes:
            output = region.output(text, self.outer.names[id(self.group)])
            dtype = output.dtype
            if output.is_ref:
                name, changes = region.variable(text)
                self._wait([name, *changes])
                self.regions[branch].nodes[name] = region.nodes[name]
                return name
        return self._argument(text, dtype)

    def _argument(self, outside: str, dtype: int) -> str:
        if outside not in self.arguments:
            name = self.outer.library.argument(len(self.arguments))
            self.arguments[outside] = name
            self.types[name] = dtype
        return self.arguments[outside]

    def _waiting(self, node: Any, branch: int) -> list[str]:
        """What a node of a branch waits for inside; the rest is what the If waits for."""
        inside = []
        for name in controls(node):
            home = self.outer._home(name)
            if home is self.group:
                inside.append(name)
            elif home is None:
                self._wait([name])
                if name in self.outer.library.variables and name in self.outer.region.nodes:
                    self.regions[branch].nodes[name] = self.outer.region.nodes[name]
                    inside.append(name)
            elif self.outer._group_behind(name) is home:
                self.before.append(self.outer.names[id(home)])
        return inside

    def _wait(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._switches:
                self.before.extend(self.outer._behind_switch(name))
            elif name in self.outer.region.nodes and self.outer._home(name) is None:
                self.before.append(name)

    def constant(self, branch: int, dtype: int, value: int, before: Iterable[str] = ()) -> str:
        """A scalar in a branch."""
        node = self._const(branch, dtype, before)
        tensor = node.attr["value"].tensor
        tensor.tensor_shape.SetInParent()
        (tensor.bool_val if dtype == _BOOL else tensor.int_val).append(value)
        return str(node.name)

    def trigger(self, branch: int, before: Iterable[str]) -> str:
        """A node that waits for others of a branch, be they in branches within that or not."""
        name = self.outer.library.unique(self.outer.names[id(self.group)] + "/done")
        self.regions[branch].nodes[name] = make_node("ControlTrigger", name, (), before)
        return name

    def stand_in(self, branch: int, dtype: int) -> str:
        """Something of a type, for the branch in which a tensor is not computed."""
        scope = self.outer.names[id(self.group)]
        size = self.constant(branch, _INT32, -1) if dtype in (_RESOURCE, _VARIANT) else ""
        nodes = self.regions[branch].nodes
        if dtype == _RESOURCE:
            name = self.outer.library.unique(f"{scope}/none")
            nodes[name] = make_node("StackV2", name, [size], elem_type=_INT32)
        elif dtype == _VARIANT:
            name = self.outer.library.unique(f"{scope}/none")
            nodes[name] = make_node(
                "EmptyTensorList", name, [size, size], element_dtype=_INT32, shape_type=_INT32
            )
        else:
            node = self._const(branch, dtype)
            node.attr["value"].tensor.tensor_shape.dim.add(size=0)
            name = str(node.name)
        return name

    def _const(self, branch: int, dtype: int, before: Iterable[str] = ()) -> Any:
        scope = self.outer.names[id(self.group)]
        node = make_node("Const", self.outer.library.unique(f"{scope}/Const"), (), before)
        node.attr["dtype"].type = node.attr["value"].tensor.dtype = dtype
        self.regions[branch].nodes[node.name] = node
        return node


def _append(found: dict[int, list[str]], key: int, text: str) -> None:
    texts = found.setdefault(key, [])
    if text not in texts:
        texts.append(text)


def _become_identity(node: Any, tensors: list[str], types: list[int]) -> None:
    """Let a Merge pass on what an If returns."""
    groups = list(node.attr["_class"].list.s) if "_class" in node.attr else []
    before = controls(node)
    node.ClearField("attr")
    node.op = "Identity" if len(tensors) == 1 else "IdentityN"
    if len(tensors) == 1:
        node.attr["T"].type = types[0]
    else:
        node.attr["T"].list.type.extend(types)
    if groups:
        node.attr["_class"].list.s.extend(groups)
    set_inputs(node, tensors, before)
