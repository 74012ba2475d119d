"""The tree of name scopes that every drawing folds and unfolds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from flowgraph.viz.interface import OperationLike, TensorLike
from flowgraph.viz.kinds import VARIABLE_TYPES, Kind, classify, prefixes

MAX_CHILDREN = 64
"""A scope with more children than this is cut into groups, so that none is too large to draw."""


@dataclass(eq=False, slots=True)
class Node:
    """An op (a leaf) or a scope. A scope's path ends in "/", so it never equals an op's name."""

    path: str
    label: str
    op: OperationLike | None = None
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    kind: Kind = Kind.FORWARD
    first: int = 0
    count: int = 1
    variable: OperationLike | None = None

    @property
    def depth(self) -> int:
        """Number of enclosing scopes below the root."""
        depth, node = -1, self.parent
        while node is not None:
            depth, node = depth + 1, node.parent
        return depth

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


@dataclass(slots=True)
class Edge:
    """All that flows from one drawn node to another."""

    source: Node
    target: Node
    tensors: list[TensorLike] = field(default_factory=list)
    control: int = 0


@dataclass(slots=True)
class ScopeTree:
    """The root scope, the leaf of every op by name, and the kind of every op by name."""

    root: Node
    leaves: dict[str, Node]
    kinds: dict[str, Kind]

    def edges(self, drawn: Callable[[Node], Node]) -> list[Edge]:
        """The edges between drawn nodes, `drawn` mapping a leaf to what stands for it.

        A tensor that several ops of the target read counts once; edges within one drawn node
        vanish.
        """
        merged: dict[tuple[int, int], Edge] = {}
        seen: set[tuple[str, int]] = set()
        for leaf in self.leaves.values():
            target = drawn(leaf)
            assert leaf.op is not None
            for tensor in leaf.op.inputs:
                edge = self._edge(merged, tensor.op, target, drawn)
                if edge is not None and (tensor.name, id(target)) not in seen:
                    seen.add((tensor.name, id(target)))
                    edge.tensors.append(tensor)
            for op in leaf.op.control_inputs:
                edge = self._edge(merged, op, target, drawn)
                if edge is not None:
                    edge.control += 1
        return list(merged.values())

    def _edge(
        self,
        merged: dict[tuple[int, int], Edge],
        op: OperationLike,
        target: Node,
        drawn: Callable[[Node], Node],
    ) -> Edge | None:
        leaf = self.leaves.get(op.name)
        if leaf is None:
            return None
        source = drawn(leaf)
        if source is target:
            return None
        return merged.setdefault((id(source), id(target)), Edge(source, target))


def scope_tree(ops: Sequence[OperationLike], max_children: int = MAX_CHILDREN) -> ScopeTree:
    """The tree of the ops' name scopes, children in order of creation.

    An op named like a scope (a variable `w` beside `w/read`) is drawn inside that scope; a scope
    with one child is joined with it; a scope with more than `max_children` is cut into groups of
    neighbours.
    """
    kinds = classify(ops)
    root = Node(path="", label="")
    scopes = {"": root}
    for op in ops:
        parent = ""
        for prefix in list(prefixes(op.name))[:-1]:
            if prefix not in scopes:
                node = Node(prefix + "/", prefix.rpartition("/")[2], parent=scopes[parent])
                scopes[parent].children.append(node)
                scopes[prefix] = node
            parent = prefix
    leaves = {}
    for index, op in enumerate(ops):
        leaves[op.name] = _add_leaf(op, index, kinds[op.name], scopes)
    _finish(root, max_children)
    return ScopeTree(root, leaves, kinds)


def _add_leaf(op: OperationLike, index: int, kind: Kind, scopes: dict[str, Node]) -> Node:
    above, _, label = op.name.rpartition("/")
    parent = scopes[above]
    own_scope = scopes.get(op.name)
    if own_scope is not None:
        parent, label = own_scope, f"({label})"
        if op.type in VARIABLE_TYPES:
            own_scope.variable = op
    leaf = Node(op.name, label, op, parent, kind=kind, first=index)
    parent.children.append(leaf)
    return leaf


def _finish(root: Node, max_children: int) -> None:
    """Set counts, order and kinds bottom up; join single-child scopes and cut large ones."""
    for scope in reversed([node for node in root.walk() if node.op is None]):
        scope.children = [_joined(child) for child in scope.children]
        _summarise(scope)
        while len(scope.children) > max_children:
            scope.children = _grouped(scope, max_children)


def _joined(node: Node) -> Node:
    if node.op is not None or len(node.children) != 1:
        return node
    child = node.children[0]
    child.label = f"{node.label}/{child.label}"
    child.parent = node.parent
    return child


def _summarise(scope: Node) -> None:
    scope.children.sort(key=lambda child: child.first)
    for child in scope.children:
        child.parent = scope
    scope.first = scope.children[0].first if scope.children else 0
    scope.count = sum(child.count for child in scope.children)
    scope.kind = _scope_kind(scope)


def _scope_kind(scope: Node) -> Kind:
    if scope.variable is not None:
        leaf = next(child for child in scope.children if child.op is scope.variable)
        return leaf.kind
    kinds = Counter(child.kind for child in scope.children)
    del kinds[Kind.CONSTANT]
    if len(kinds) > 1:
        del kinds[Kind.AUXILIARY]
    if not kinds:
        return Kind.CONSTANT
    only = next(iter(kinds))
    if len(kinds) == 1:
        return only
    return Kind.OPTIMIZER if set(kinds) == {Kind.GRADIENT, Kind.OPTIMIZER} else Kind.FORWARD


def _grouped(scope: Node, max_children: int) -> list[Node]:
    """Runs of neighbours in order of creation: such groups form a chain, seldom a cycle."""
    size = -(-len(scope.children) // -(-len(scope.children) // max_children))
    groups = []
    for start in range(0, len(scope.children), size):
        members = scope.children[start : start + size]
        first_label = members[0].label.partition(" … ")[0]
        last_label = members[-1].label.rpartition(" … ")[2]
        group = Node("", f"{first_label} … {last_label}", parent=scope)
        group.children = members
        _summarise(group)
        group.path = f"{scope.path}#{group.first}+{group.count}/"
        groups.append(group)
    return groups
