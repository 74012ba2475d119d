"""Molecules as vectors: circular substructures hashed into a bit vector of fixed length."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import flowgraph as tf

__all__ = ["fingerprint", "substructures"]

Bond = tuple[int, int]


def substructures(atoms: Sequence[str], bonds: Sequence[Bond], radius: int = 2) -> set[int]:
    """The identifiers of all substructures within `radius` bonds of an atom.

    An atom's identifier starts as its element, its number of neighbours and the size of the
    smallest ring it is in; in each round it becomes the hash of itself and its neighbours'
    identifiers in sorted order. So it does not depend on how the atoms are numbered.

    Args:
        atoms: the elements.
        bonds: pairs of places in `atoms`.

    Raises:
        ValueError: if a bond names an atom that is not there.
    """
    neighbours: list[list[int]] = [[] for _ in atoms]
    for bond in bonds:
        if not all(0 <= end < len(atoms) for end in bond):
            raise ValueError(f"bond {bond} among {len(atoms)} atoms")
        one, other = bond
        neighbours[one].append(other)
        neighbours[other].append(one)
    current = [
        _hash(atom, len(neighbours[place]), _smallest_ring(neighbours, place))
        for place, atom in enumerate(atoms)
    ]
    found = set(current)
    for _ in range(radius):
        around = [sorted(current[place] for place in near) for near in neighbours]
        current = [_hash(own, *near) for own, near in zip(current, around, strict=True)]
        found.update(current)
    return found


def _smallest_ring(neighbours: list[list[int]], atom: int) -> int:
    """The number of atoms in the smallest ring through `atom`, 0 if it is in none."""
    # Breadth first, each atom marked by the neighbour of `atom` through which it was reached: where
    # two marks meet, a ring closes.
    marks = {near: near for near in neighbours[atom]}
    distance = dict.fromkeys(marks, 1)
    sizes = []
    front = list(marks)
    while front:
        place = front.pop(0)
        for near in neighbours[place]:
            if near == atom:
                continue
            if near not in marks:
                marks[near], distance[near] = marks[place], distance[place] + 1
                front.append(near)
            elif marks[near] != marks[place]:
                sizes.append(distance[near] + distance[place] + 1)
    return min(sizes, default=0)


def _hash(*parts: object) -> int:
    text = ",".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def fingerprint(
    atoms: Sequence[str], bonds: Sequence[Bond], length: int = 1024, radius: int = 2
) -> Any:
    """The molecule as an int32 tensor [length] of zeros and ones: bit ``id % length`` is set for
    each substructure.

    Distinct substructures may share a bit; `length` trades size for how often they do.
    """
    places = sorted({identifier % length for identifier in substructures(atoms, bonds, radius)})
    bits = tf.ones([len(places)], tf.int32)
    return tf.scatter_nd([[place] for place in places], bits, [length])
