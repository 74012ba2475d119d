"""Under which conditions the nodes of a GraphDef of TensorFlow 1 run.

A node that reads output 1 of a Switch runs only if the predicate is true, one that reads output 0
only if it is false, and so do their readers, up to a Merge. The nodes that such conditions hold
together are taken apart into groups, each of which can become one If.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from flowgraph.formats.control_flow_nodes import (
    Region,
    controls,
    data,
    kind,
    parts,
    producer,
    reference,
    set_inputs,
)
from flowgraph.formats.tensors import make_ndarray

__all__ = ["Contexts", "Group", "without_certain_switches"]

Context = frozenset[tuple[str, int]]
NOWHERE: Context = frozenset()


@dataclass
class Group:
    """Nodes that run under one condition, to become one If.

    Attributes:
        predicate: the tensor that decides.
        members: nodes, and the branch that each is in.
        merges: the Merges that lead out of it.
    """

    predicate: str
    members: dict[str, int] = field(default_factory=dict)
    merges: list[str] = field(default_factory=list)


class _Conditions:
    """The conditions under which the nodes of a region run.

    Attributes:
        dead: nodes that never run, as they need both branches of a conditional.
    """

    def __init__(self, region: Region) -> None:
        self.region = region
        self.nodes = region.nodes
        self.order = region.ordered()
        self._contexts: dict[str, Context] = {}
        self._merged: dict[str, str] = {}
        self.dead: set[str] = set()
        for node in self.order:
            self._contexts[node.name] = self._context(node)

    def predicate(self, switch: Any) -> str:
        """The tensor that decides where a Switch leads to."""
        return self._asked(switch)[0]

    def _asked(self, switch: Any) -> tuple[str, int]:
        """The predicate of a Switch, and the branch that its output 1 leads to."""
        text = self._source(data(switch)[1])
        node = self.nodes.get(producer(text))
        if node is not None and node.op == "Equal":
            # Gradients of a Merge ask which of its inputs it took.
            chosen, number = data(node)
            merge, index = parts(chosen)
            if index == 1 and merge in self._merged and producer(number) in self.nodes:
                value = make_ndarray(self.nodes[producer(number)].attr["value"].tensor)
                predicate = self._merged[merge]
                return predicate, self.branch(data(self.nodes[merge])[int(value)], predicate)
        return text, 1

    def _source(self, text: str) -> str:
        """A tensor before it was passed on under other names."""
        while True:
            name, _ = parts(text)
            node = self.nodes.get(name)
            if node is None or node.op != "Identity":
                return text
            source = data(node)[0]
            # The value of a variable is read where the Identity stands.
            if producer(source) in self.nodes and self.region.output(source, name).is_ref:
                return text
            text = source

    def _context(self, node: Any) -> Context:
        if kind(node) == "Merge":
            return self._merge_context(node)
        if kind(node) == "ControlTrigger":
            return NOWHERE
        found = NOWHERE
        for text in data(node):
            found = self._join(found, self._of(text))
        for name in controls(node):
            found = self._join(found, self._contexts.get(name, NOWHERE))
        if any((predicate, 1 - branch) in found for predicate, branch in found):
            self.dead.add(node.name)
        return found

    def _join(self, first: Context, second: Context) -> Context:
        return first if second <= first else first | second

    def _of(self, text: str) -> Context:
        """The context of a tensor."""
        name, _ = parts(text)
        found = self._contexts.get(name, NOWHERE)
        return found | {self.literal(text)} if kind(self.nodes.get(name)) == "Switch" else found

    def literal(self, text: str) -> tuple[str, int]:
        """The predicate that an output of a Switch depends on, and the branch that it is of."""
        name, index = parts(text)
        predicate, branch = self._asked(self.nodes[name])
        return predicate, branch if index else 1 - branch

    def branch(self, text: str, predicate: str) -> int:
        """The branch of the conditional on `predicate` that a tensor is computed in."""
        return dict(self._of(text))[predicate]

    def _merge_context(self, node: Any) -> Context:
        contexts = [self._of(text) for text in data(node)]
        if all(each == contexts[0] for each in contexts[1:]):
            # All inputs are of one branch: the first one.
            node.op, dtype = "Identity", node.attr["T"].type
            set_inputs(node, data(node)[:1], controls(node))
            node.ClearField("attr")
            node.attr["T"].type = dtype
            return contexts[0]
        if len(contexts) == 2:
            first, second = contexts
            between = {p for p, branch in first if (p, 1 - branch) in second}
            if len(between) == 1:
                (predicate,) = between
                self._merged[node.name] = predicate
                return frozenset(each for each in first | second if each[0] != predicate)
        raise ValueError(
            f"The Merge node '{node.name}' does not join the two branches of a conditional."
        )

    def taken(self, texts: list[str]) -> Context:
        """The branches in which tensors are computed."""
        return NOWHERE.union(*map(self._of, texts))


class Contexts(_Conditions):
    """The conditions of a region, and the groups of nodes under the outermost ones.

    Attributes:
        predicates: the outermost predicates.
        switches: the Switches that lead in, and their predicates.
        exits: the Merges that lead out, and their predicates.
        group_of: the group that a member or Merge belongs to.

    Raises:
        ValueError: if a Merge joins what is no conditional, or conditionals overlap.
    """

    def __init__(self, region: Region) -> None:
        super().__init__(region)
        self.switches: dict[str, str] = {}
        self.predicates = self._outermost()
        self._branches = self._members()
        self.exits = {m: p for m, p in self._merged.items() if p in self.predicates}
        self._component = self._components()
        self._levels = self._split()
        self.group_of = self._groups()
        self.groups = list({id(each): each for each in self.group_of.values()}.values())

    def _outermost(self) -> set[str]:
        switches = {n.name: self.predicate(n) for n in self.order if kind(n) == "Switch"}
        first = {p for p in switches.values() if not self._of(p)}
        inner = {
            predicate
            for name, predicate in switches.items()
            if any(p != predicate and p in first for p, _ in self._contexts[name])
        }
        found = first - inner
        if switches and not found:
            name = next(iter(switches))
            raise ValueError(f"The conditional of the Switch node '{name}' overlaps another one.")
        self.switches = {
            name: predicate
            for name, predicate in switches.items()
            if predicate in found
            and name not in self.dead
            and all(p != predicate for p, _ in self._contexts[name])
        }
        return found

    def _members(self) -> dict[str, tuple[str, int]]:
        """The nodes in the branches of the outermost predicates, and which branch that is."""
        found = {}
        for name, context in self._contexts.items():
            around = [each for each in context if each[0] in self.predicates]
            if not around or name in self.dead:
                continue
            if len(around) > 1:
                raise ValueError(
                    f"The node '{name}' reads from branches of conditionals that are not nested."
                )
            found[name] = around[0]
        return found

    def _sources(self, node: Any) -> list[str]:
        return [name for name in map(producer, node.input) if name in self.nodes]

    def _components(self) -> dict[str, str]:
        """Members and Merges that hang together, each with the one that stands for all."""
        parent = {name: name for name in (*self._branches, *self.exits)}

        def root(name: str) -> str:
            while parent[name] != name:
                parent[name] = name = parent[parent[name]]
            return name

        for node in self.order:
            if node.name not in parent:
                continue
            is_exit = node.name in self.exits
            predicate = self.exits.get(node.name) or self._branches[node.name][0]
            for name in map(producer, data(node)) if is_exit else self._sources(node):
                if name in self._branches and self._branches[name][0] == predicate:
                    parent[root(name)] = root(node.name)
        return {name: root(name) for name in parent}

    def _split(self) -> dict[str, int]:
        """Per node, how often paths to it lead out of components that depend on themselves.

        Such a component is a conditional and a later one that reads tensors in its branches, as
        gradients do.
        """
        circular = self._circular()
        levels: dict[str, int] = {}
        for node in self.order:
            level = 0
            home = self._component.get(node.name)
            for name in self._sources(node):
                source = self._component.get(name)
                leaves = source in circular and (source != home or name in self.exits)
                level = max(level, levels[name] + leaves)
            levels[node.name] = level
        return {name: levels[name] if c in circular else 0 for name, c in self._component.items()}

    def _circular(self) -> set[str]:
        """The components on or between cycles, each component taken as one node."""
        edges: dict[str, set[str]] = {}
        for node in self.order:
            home = self._component.get(node.name, node.name)
            into = edges.setdefault(home, set())
            for name in self._sources(node):
                source = self._component.get(name, name)
                if source != home or name in self.exits:
                    into.add(source)
        left = _without_ends(edges)
        back: dict[str, set[str]] = {name: set() for name in left}
        for name in left:
            for source in edges[name] & left:
                back[source].add(name)
        return _without_ends(back) & set(self._component.values())

    def _groups(self) -> dict[str, Group]:
        groups: dict[tuple[str, int], Group] = {}
        found = {}
        for node in self.order:
            name = node.name
            if name not in self._component:
                continue
            predicate = self.exits.get(name) or self._branches[name][0]
            key = (self._component[name], self._levels[name])
            group = groups.setdefault(key, Group(predicate))
            if name in self.exits:
                group.merges.append(name)
            else:
                group.members[name] = self._branches[name][1]
            found[name] = group
        return found


def _without_ends(edges: dict[str, set[str]]) -> set[str]:
    """The nodes that are left when those without edges are taken away again and again."""
    readers: dict[str, list[str]] = {name: [] for name in edges}
    for name, into in edges.items():
        for source in into:
            readers[source].append(name)
    waiting = {name: len(into) for name, into in edges.items()}
    ready = deque(name for name, count in waiting.items() if not count)
    left = set(edges)
    while ready:
        name = ready.popleft()
        left.remove(name)
        for reader in readers[name]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    return left


def without_certain_switches(region: Region, texts: list[str]) -> list[str]:
    """Take Switches away that always go the same way, as `texts` are computed whenever the region.

    So it is in a loop that runs in one branch of a conditional outside, and asks its predicate.

    Returns:
        The tensors that hold the values of `texts` from then on.
    """
    while True:
        conditions = _Conditions(region)
        certain = conditions.taken(texts)
        if not certain:
            return texts
        passed = {}
        for node in conditions.order:
            for index in (0, 1) if kind(node) == "Switch" else ():
                text = reference(node.name, index)
                if conditions.literal(text) in certain:
                    passed[text] = data(node)[0]
        for node in conditions.order:
            set_inputs(node, [_through(passed, text) for text in data(node)], controls(node))
        texts = [_through(passed, text) for text in texts]


def _through(passed: dict[str, str], text: str) -> str:
    while text in passed:
        text = passed[text]
    return text
