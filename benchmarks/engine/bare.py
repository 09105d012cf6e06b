"""S3: the Temporal driver against bare workflows of the same shapes, which do nothing and keep nothing of their own.

All in this environment, on a development server each, with one worker of the same settings.
"""

import statistics
from collections.abc import Sequence

from against import SHAPES, Server, cost_of
from engines import Peer
from rich.table import Table

BARE = Peer("bare Temporal", "temporal_dev")
OURS = (
    Peer("Astrolabe by Temporal, SQLite", "astrolabe_temporal"),
    Peer("Astrolabe by Temporal, PostgreSQL", "astrolabe_temporal", server=True),
)

Costs = dict[str, list[tuple[float, float]]]
"""Pairs of wall and CPU, ms a task, one a round, by shape."""


def table(rounds: int, sizes: float = 1.0) -> Table:
    """Measure all in turn, shape by shape; return medians, those of the ratios as well."""
    taken: dict[str, Costs] = {peer.name: {shape: [] for shape in SHAPES} for peer in (BARE, *OURS)}
    server = Server()
    try:
        for _ in range(rounds):
            for shape in SHAPES:
                for peer in (BARE, *OURS):
                    taken[peer.name][shape].append(cost_of(peer, server, shape, sizes))
    finally:
        server.close()
    shown = Table("side", *SHAPES)
    shown.title = (
        "S3: wall / CPU, ms a task, the servers' included (and their ratios to what is bare; to reach: 1.3)"
    )
    for name, costs in taken.items():
        shown.add_row(name, *(_told(costs[shape], taken[BARE.name][shape]) for shape in SHAPES))
    return shown


def _told(pairs: Sequence[tuple[float, float]], bare: Sequence[tuple[float, float]]) -> str:
    ratios = [(wall / other[0], cpu / other[1]) for (wall, cpu), other in zip(pairs, bare, strict=True)]
    return f"{_medians(pairs)} ({_medians(ratios)})"


def _medians(pairs: Sequence[tuple[float, float]]) -> str:
    return " / ".join(f"{statistics.median(side):.2f}" for side in zip(*pairs, strict=True))
