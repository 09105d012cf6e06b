"""Tasks as numbered nodes, each with the numbers it waits for; everything here is linear in nodes and edges."""

from collections import deque
from collections.abc import Iterable, Sequence

Edges = Sequence[Sequence[int]]
"""For each node the nodes it needs, by position."""


def reversed_edges(needs: Edges) -> list[list[int]]:
    """Return for each node the nodes that need it, in order."""
    out: list[list[int]] = [[] for _ in needs]
    for node, needed in enumerate(needs):
        for other in needed:
            out[other].append(node)
    return out


def ordered(needs: Edges) -> list[int]:
    """Return the nodes so that each comes after all it needs, the earliest first; those behind a cycle are left out."""
    waiting = [len(needed) for needed in needs]
    followers = reversed_edges(needs)
    ready = deque(node for node, count in enumerate(waiting) if count == 0)
    out: list[int] = []
    while ready:
        node = ready.popleft()
        out.append(node)
        for follower in followers[node]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                ready.append(follower)
    return out


def cycles(needs: Edges) -> list[list[int]]:
    """Return cycles that share no edge and without whose edges there would be none, each from its lowest node on.

    A depth-first walk that takes a cycle's edges out as soon as it closes one, and goes on from where it closed: no
    edge is walked twice. One wrong edge in an otherwise good plan is therefore one cycle, however many ways lead round.
    """
    walk = _Walk(needs)
    for node in range(len(needs)):
        walk.from_node(node)
    return sorted(walk.found)


class _Walk:
    def __init__(self, needs: Edges) -> None:
        self._left = [iter(needed) for needed in needs]
        self._finished = [False] * len(needs)
        self._depth = [-1] * len(needs)
        self.found: list[list[int]] = []

    def from_node(self, start: int) -> None:
        if self._finished[start]:
            return
        trail = [start]
        self._depth[start] = 0
        while trail:
            self._step(trail)

    def _step(self, trail: list[int]) -> None:
        for needed in self._left[trail[-1]]:
            if self._finished[needed]:
                continue
            if self._depth[needed] < 0:
                self._depth[needed] = len(trail)
                trail.append(needed)
            else:
                self._take_out(trail, self._depth[needed])
            return
        done = trail.pop()
        self._finished[done] = True
        self._depth[done] = -1

    def _take_out(self, trail: list[int], start: int) -> None:
        loop = trail[start:]
        lowest = loop.index(min(loop))
        self.found.append(loop[lowest:] + loop[:lowest])
        for node in loop[1:]:
            self._depth[node] = -1
        del trail[start + 1 :]


def beyond(needs: Edges, blocked: Iterable[int]) -> dict[int, int]:
    """Return every node that waits, directly or not, for a blocked one: with the node it waits for because of that."""
    followers = reversed_edges(needs)
    seen = set(blocked)
    queue = deque(sorted(seen))
    out: dict[int, int] = {}
    while queue:
        node = queue.popleft()
        for follower in followers[node]:
            if follower not in seen:
                seen.add(follower)
                out[follower] = node
                queue.append(follower)
    return out


def ancestors(needs: Edges) -> list[int]:
    """Return for each node a set of all it needs, directly or not, as the bits of a number; none behind a cycle."""
    out = [0] * len(needs)
    for node in ordered(needs):
        for other in needs[node]:
            out[node] |= out[other] | (1 << other)
    return out
