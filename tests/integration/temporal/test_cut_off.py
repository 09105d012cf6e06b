"""Workers that lose their way to the database or to Temporal, and a Temporal that loses its power."""

import asyncio
import signal
from pathlib import Path

from astrolabe.domain.run import RunStatus
from tests.integration.temporal.conftest import Cluster, told
from tests.integration.temporal.test_hosts import LINES, began, held, scribed
from tests.proxy import Proxy
from tests.temporal import free_port


def goes_on_elsewhere(cluster: Cluster, way: Proxy, setting: str, through: str) -> None:
    """Cut a worker off in the middle of a task; another one ends the run, and the first one changes nothing more."""
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(cluster, installation, held("held", gate))
            with cluster.hand("a", other={setting: through}) as first:
                await cluster.until("between", "held", "a")
                with cluster.hand("b"):
                    way.cut()
                    await cluster.until("between", "held", "b")
                    gate.touch()
                    assert (await following).status is RunStatus.PASSED
                    before = await installation.store.events(run)
                    way.mend()
                    first.send_signal(signal.SIGTERM)
                    assert await asyncio.to_thread(first.wait, 90) == 0
                    assert await installation.store.events(run) == before

    asyncio.run(go())
    assert ["worked", "held", "a"] not in cluster.lines()
    assert (cluster.folder / "target" / "held.txt").read_text() == LINES


def test_a_worker_cut_off_from_temporal_is_replaced(cluster: Cluster) -> None:
    port = free_port()
    with Proxy(port, cluster.server.port) as way:
        goes_on_elsewhere(cluster, way, "temporal_address", f"127.0.0.1:{port}")


def test_a_worker_cut_off_from_the_database_is_replaced(cluster: Cluster) -> None:
    database, _, host = cluster.url.partition("?host=")
    socket = ".s.PGSQL.5432"
    with Proxy(cluster.folder / socket, Path(host) / socket) as way:
        goes_on_elsewhere(cluster, way, "database_url", f"{database}?host={cluster.folder}")


def test_runs_go_on_when_temporal_has_lost_its_power(cluster: Cluster) -> None:
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(
                cluster, installation, held("held", gate), scribed("after", depends_on=["held"])
            )
            await cluster.until("between", "held")
            cluster.server.kill()
            gate.touch()
            await cluster.until("worked", "held")
            await asyncio.to_thread(cluster.server.start)
            assert (await following).status is RunStatus.PASSED
            events = await installation.store.events(run)
            steps = [event.data["key"] for event in told(events, "step.done")]
            assert len(steps) == len(set(steps)) == 4

    with cluster.hand("a"):
        asyncio.run(go())
    assert (cluster.folder / "target" / "after.txt").read_text() == LINES
