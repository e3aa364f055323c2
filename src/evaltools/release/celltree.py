"""What the values of a table's dimension add up to: parents, their parents, a total."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from evaltools.errors import ReleaseError

Parents = Mapping[Hashable, Hashable]
TOTAL = "Gesamt"


@dataclass(frozen=True)
class Nodes:
    """The values of a dimension and what they add up to, numbered; a key's own node comes first."""

    labels: tuple[str, ...]
    above: dict[Hashable, tuple[int, ...]]
    parts: dict[int, tuple[int, ...]]


def _chain(key: Hashable, parents: Parents, dim: str) -> tuple[Hashable, ...]:
    found = [key]
    while found[-1] in parents:
        if parents[found[-1]] in found:
            raise ReleaseError(f"hierarchy of {dim}: {found[-1]} lies above itself")
        found.append(parents[found[-1]])
    return tuple(found)


def nodes(keys: list[Hashable], parents: Parents, dim: str) -> Nodes:
    """Make numbers of the values of dimension `dim` and all sums over them.

    Parameters
    ----------
    keys : list
        Value of each inner cell.
    parents : mapping
        Child → parent; may be empty. A total is added unless one parent stands above all.
    """
    leaves = list(dict.fromkeys(keys))
    if parents and not set(leaves) & set(parents):
        raise ReleaseError(
            f"hierarchy of {dim}: no value of the column is a child in it; compare their types"
        )
    chains = {leaf: _chain(leaf, parents, dim) for leaf in leaves}
    upper = {node for chain in chains.values() for node in chain[1:]}
    if upper & set(leaves):
        raise ReleaseError(f"hierarchy of {dim}: a value of the column is a sum of others in it")
    tops = {chain[-1] for chain in chains.values()}
    if len(tops) > 1 or not upper:
        chains = {leaf: (*chain, _Total()) for leaf, chain in chains.items()}
    number = {node: i for i, node in enumerate(dict.fromkeys([*leaves, *sum(chains.values(), ())]))}
    parts: dict[int, dict[int, None]] = {}
    for chain in chains.values():
        for below, above in pairwise(chain):
            parts.setdefault(number[above], {})[number[below]] = None
    return Nodes(
        labels=tuple(str(node) for node in number),
        above={leaf: tuple(number[node] for node in chain) for leaf, chain in chains.items()},
        parts={node: tuple(below) for node, below in parts.items()},
    )


class _Total:
    """Total of a dimension: equal to every other total, never to a key, whatever its type."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Total)

    def __hash__(self) -> int:
        return hash(_Total)

    def __str__(self) -> str:
        return TOTAL


def lines(nodes: list[Nodes], rows: Mapping[tuple[int, ...], int]) -> tuple[tuple[int, ...], ...]:
    """Return rows of which the first is the sum of the others, along each dimension."""
    found = []
    for place, row in rows.items():
        for dim, node in enumerate(nodes):
            below = [
                (*place[:dim], part, *place[dim + 1 :]) for part in node.parts.get(place[dim], ())
            ]
            if below:
                found.append((row, *(rows[part] for part in below if part in rows)))
    return tuple(found)
