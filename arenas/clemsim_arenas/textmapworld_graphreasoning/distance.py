"""The edit distance of two small graphs whose names do not matter, as networkx (3.6.1) computes it.

Each node or edge that is put in or left out costs 1 (Abu-Aisheh et al. 2015, depth first). Without edges from a node to
itself the result is the exact distance, whatever the order of the search. With such edges networkx's result depends on the
order in which it decides on nodes: one that waits stands for any edge of the other graph. So the nodes are decided on here
in the same order, and the results are the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

MOST_WORK = 200_000  # of a search, a fifth of a second; then the best that was found counts, which is never too small
MOST_NODES = 40  # of a graph that is searched at all
DELETED = -1  # instead of a node of the second graph

Pair = tuple[int, int]  # nodes of both graphs by number, among those that are left; -1: none


@dataclass(frozen=True, slots=True)
class Graph:
    """An undirected graph: the neighbours of each node as bits, without itself; and the nodes with an edge to themselves."""

    neighbours: Sequence[int]
    loops: int

    @classmethod
    def make(cls, nodes: Iterable[Hashable], edges: Iterable[tuple[Hashable, Hashable]]) -> Graph:
        """Return the graph of these nodes, and of those that only edges name; what is named twice counts once."""
        pairs = list(edges)
        named = dict.fromkeys([*nodes, *(end for pair in pairs for end in pair)])
        numbers = {node: number for number, node in enumerate(named)}
        neighbours, loops = [0] * len(numbers), 0
        for one, other in pairs:
            if one == other:
                loops |= 1 << numbers[one]
            else:
                neighbours[numbers[one]] |= 1 << numbers[other]
                neighbours[numbers[other]] |= 1 << numbers[one]
        return cls(neighbours, loops)

    def of(self, node: int) -> int:
        """Return the neighbours of a node as bits; of no node there are none."""
        return self.neighbours[node] if node >= 0 else 0

    @property
    def size(self) -> int:
        """The number of edges."""
        return sum(bits.bit_count() for bits in self.neighbours) // 2 + self.loops.bit_count()


@dataclass(frozen=True, slots=True)
class _State:
    """A part of a mapping: pairs of nodes, nodes that are left, numbers of edges and loops that are left, costs so far, the
    least that any mapping costs that goes on from here, and with which of the nodes of the second graph that are left those
    of the first are to be tried first.
    """

    pairs: tuple[Pair, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    edges: Pair
    loops: Pair
    cost: int
    bound: int
    first: tuple[int, ...]


@dataclass(slots=True)
class _Search:
    one: Graph
    other: Graph
    best: int
    work: int = field(default=0)  # nodes looked at

    def go(self, state: _State) -> None:
        """Go on with a mapping in all ways, the most promising first."""
        if not state.left and not state.right:
            self.best = min(self.best, state.cost)
            return
        first, *others = self._candidates(state)
        self._try(self._paired(state, first, _without(state.first, first)))
        fresh = [self._paired(state, pair, None) for pair in others]
        for after in sorted(fresh, key=lambda each: each.bound):
            self._try(after)

    def _try(self, after: _State) -> None:
        if after.bound < self.best and self.work <= MOST_WORK:
            self.go(after)

    def _candidates(self, state: _State) -> Iterator[Pair]:
        """Yield pairs of places: those of the first node, or those of the partner that it is to be tried with first."""
        rows, columns = range(len(state.left)), range(len(state.right))
        if not rows:
            yield -1, 0
            return
        partner = state.first[0]
        yield 0, partner
        if len(rows) > len(columns):
            yield from ((0, column) for column in [*columns, DELETED] if column != partner)
        else:
            yield from ((row, partner) for row in [*rows[1:], -1])

    def _paired(self, state: _State, places: Pair, first: tuple[int, ...] | None) -> _State:
        self.work += len(state.pairs) + len(state.left) + len(state.right)
        row, column = places
        node = state.left[row] if row >= 0 else -1
        partner = state.right[column] if column >= 0 else -1
        left = state.left[:row] + state.left[row + 1 :] if row >= 0 else state.left
        right = state.right[:column] + state.right[column + 1 :] if column >= 0 else state.right
        edges, loops, costs = self._edges(state, node, partner)
        cost = state.cost + (row < 0) + (column < 0) + costs
        pairs = (*state.pairs, (node, partner))
        bound = cost + abs(len(left) - len(right)) + max(abs(edges[0] - edges[1]), self._least(pairs, left, right, loops))
        return _State(
            pairs, left, right, edges, loops, cost, bound, _usual(len(left), len(right)) if first is None else first
        )

    def _least(self, pairs: Sequence[Pair], left: Sequence[int], right: Sequence[int], loops: Pair) -> int:
        """Return the least that edges cost between the nodes of pairs and those that are left, and among the latter.

        Any loop may stand for one of them.
        """
        bits = sum(1 << node for node in left), sum(1 << node for node in right)
        within = sum((self.one.neighbours[node] & bits[0]).bit_count() for node in left) // 2
        within -= sum((self.other.neighbours[node] & bits[1]).bit_count() for node in right) // 2
        to_pairs = sum(
            abs((self.one.of(p) & bits[0]).bit_count() - (self.other.of(q) & bits[1]).bit_count()) for p, q in pairs
        )
        return to_pairs + abs(within) - loops[0].bit_count() - loops[1].bit_count()

    def _edges(self, state: _State, node: int, partner: int) -> tuple[Pair, Pair, int]:
        """Return which edges and loops are left once those between a new pair and the earlier ones are decided on, and what
        these cost.
        """
        if not state.pairs and all(state.edges):
            return state.edges, state.loops, 0
        own, others = self.one.of(node), self.other.of(partner)
        linked = [(p >= 0 and own >> p & 1, q >= 0 and others >> q & 1) for p, q in state.pairs]
        plain = sum(has for has, _ in linked), sum(has for _, has in linked)
        both = sum(has and also for has, also in linked)
        loops = _due(state.loops[0], node, state.pairs, 0), _due(state.loops[1], partner, state.pairs, 1)
        here = loops[0].bit_count(), loops[1].bit_count()
        as_edges = min(plain[1] - both, here[0]), min(plain[0] - both, here[1])  # loops that stand for edges of the other
        kept = both + sum(as_edges) + min(here[0] - as_edges[0], here[1] - as_edges[1])
        decided = plain[0] + here[0], plain[1] + here[1]
        edges = state.edges[0] - decided[0], state.edges[1] - decided[1]
        return edges, (state.loops[0] & ~loops[0], state.loops[1] & ~loops[1]), sum(decided) - 2 * kept


def edit_distance(one: Graph, other: Graph) -> int:
    """Return the number of edits that make one graph the other; where the search would take too long, no less than that."""
    sizes = len(one.neighbours), len(other.neighbours)
    edges = one.size, other.size
    if max(sizes) > MOST_NODES:
        return abs(sizes[0] - sizes[1]) + sum(edges)
    nodes = tuple(range(sizes[0])), tuple(range(sizes[1]))
    search = _Search(one, other, sum(sizes) + sum(edges) + 1)
    search.go(_State((), *nodes, edges, (one.loops, other.loops), 0, 0, _usual(*sizes)))
    return search.best


def _usual(rows: int, columns: int) -> tuple[int, ...]:
    """Return the partner of each row in the assignment of nodes that networkx begins with.

    They have partners in order, if there are enough; else the first row has none, and the first that is left over has the
    partner of the first.
    """
    if rows <= columns:
        return tuple(range(rows))
    if not columns:
        return (DELETED,) * rows
    return (DELETED, *range(1, columns), 0, *(DELETED,) * (rows - columns - 1))


def _without(first: tuple[int, ...], pair: Pair) -> tuple[int, ...]:
    """Return the assignment without a pair, the columns numbered anew."""
    row, column = pair
    rest = first[:row] + first[row + 1 :] if row >= 0 else first
    return tuple(each - (0 <= column < each) for each in rest)


def _due(loops: int, node: int, pairs: Sequence[Pair], side: int) -> int:
    """Return the loops that are decided on now: those of the new node and of the earlier ones."""
    if not loops:
        return 0
    nodes = [node, *(pair[side] for pair in pairs)]
    return loops & sum(1 << each for each in nodes if each >= 0)
