"""Restate: a run is a handler's invocation, a task a `run` step of it; the server syncs its log, telemetry is off."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import hypercorn.asyncio
import measuring
import restate

SERVICE = restate.Service("peer")
UNLIMITED = 2**31 - 1
LONGEST_SECONDS = 200


async def task(name: str) -> str:
    if measuring.slow():
        measuring.note("S", name)
        await asyncio.sleep(measuring.TASK_SECONDS)
        measuring.note("E", name)
    return name


def step(context: restate.Context, name: str) -> restate.RestateDurableFuture[str]:
    return context.run_typed(name, task, restate.RunOptions(), name)


@SERVICE.handler()
async def chain(context: restate.Context, sizes: list[int]) -> None:
    for number in range(sizes[0]):
        await step(context, str(number))


@SERVICE.handler()
async def fan(context: restate.Context, sizes: list[int]) -> None:
    """Go in waves: only futures of its own may be awaited here, so no semaphore."""
    width, parallel = sizes
    await step(context, "root")
    for first in range(0, width, parallel):
        last = min(width, first + parallel)
        await restate.gather(*(step(context, str(number)) for number in range(first, last)))
    await step(context, "join")


class Restate:
    """The service runs in this process, served as the documentation says; the server finds it again by its port."""

    def open(self, folder: Path, url: str) -> None:
        del url
        self._ingress, self._admin, self._node, self._own = measuring.ports(folder, 4)
        self._server = measuring.Server(folder)
        known = self._server.runs
        if not known:
            self._start_server(folder)
        self._runner = asyncio.Runner()
        self._runner.run(self._serve())
        measuring.wait_for(lambda: measuring.answers(f"http://127.0.0.1:{self._admin}/health"))
        if not known:
            self._runner.run(self._register())

    def _start_server(self, folder: Path) -> None:
        places = Path(sys.prefix, "node_modules", "@restatedev").glob("restate-server-*/bin/restate-server")
        words = ["--base-dir", folder / "restate", "--listen-mode", "tcp", "--bind-ip", "127.0.0.1"]
        self._server.start(
            [next(places), *words, "--bind-port", self._node, "--no-logo"],
            RESTATE_DISABLE_TELEMETRY="true",
            RESTATE_INGRESS__BIND_ADDRESS=f"127.0.0.1:{self._ingress}",
            RESTATE_ADMIN__BIND_ADDRESS=f"127.0.0.1:{self._admin}",
            RESTATE_ADMIN__DISABLE_WEB_UI="true",
            RESTATE_LOG_FILTER="error",
        )

    async def _serve(self) -> None:
        config = hypercorn.Config()
        config.bind = [f"127.0.0.1:{self._own}"]
        config.h2_max_concurrent_streams = config.keep_alive_max_requests = UNLIMITED
        config.keep_alive_timeout = UNLIMITED
        config.errorlog = None
        self._over = asyncio.Event()
        app = restate.app(services=[SERVICE])
        serving = hypercorn.asyncio.serve(app, config, shutdown_trigger=self._over.wait)
        self._serving = asyncio.create_task(serving)
        limits = httpx.Limits(max_connections=None)
        self._client = httpx.AsyncClient(timeout=LONGEST_SECONDS, limits=limits)

    async def _register(self) -> None:
        own = {"uri": f"http://127.0.0.1:{self._own}"}
        for _ in range(600):
            reply = await self._client.post(f"http://127.0.0.1:{self._admin}/deployments", json=own)
            if reply.is_success:
                return
            await asyncio.sleep(0.1)
        raise TimeoutError

    def carry_out(self, work: measuring.Work) -> None:
        self._runner.run(self._all(work))

    async def _all(self, work: measuring.Work) -> None:
        await asyncio.gather(*(self._call(work) for _ in range(work.count)))

    async def _call(self, work: measuring.Work, key: str = "") -> None:
        headers = {"idempotency-key": key} if key else {}
        url = f"http://127.0.0.1:{self._ingress}/peer/{work.shape}"
        reply = await self._client.post(url, json=[work.size, work.parallel], headers=headers)
        reply.raise_for_status()

    def begin(self, work: measuring.Work) -> None:
        self._runner.run(self._call(work, "fan"))

    def resume(self, work: measuring.Work) -> None:
        self.begin(work)  # the key says that it is the same

    def close(self) -> None:
        if measuring.slow():
            os._exit(0)  # the connections of a server that goes on would be waited for
        self._server.stop()
        self._runner.run(self._stop())
        self._runner.close()

    async def _stop(self) -> None:
        await self._client.aclose()
        self._over.set()
        await self._serving


if __name__ == "__main__":
    measuring.run(Restate())
