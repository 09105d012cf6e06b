"""What a model call through all layers costs over the provider's own client: CPU, both sides in turn in one process.

    python benchmarks/model_overhead/run.py [--calls 40] [--rounds 5] [--turns 20] [--json]

A real run on SQLite asks a scripted server, which is a process of its own, over HTTP on this machine: `bench.ask` (redacted,
kept, reserved, intended, recorded, settled), the adapter, the wire. The raw side sends the same request with `openai` alone.
A question has as many turns as `--turns` says, and each call adds one, as in a conversation. Exits with 1 above 5 ms.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from astrolabe.bootstrap import open_installation
from astrolabe.domain.conversation import Question, Speaker, said
from astrolabe.engine.workshop import Watcher
from astrolabe.sdk import Check, Plan, Plugin, Task, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.settings import Settings
from astrolabe.testing.models import Script, Turn

MOST_MILLISECONDS = 5.0
WORDS = "Read the file, say what it does in one sentence, and name what could go wrong with it. " * 4


class Measuring:
    """Asks in turn through the bench and through the raw client, and keeps what each call took of CPU."""

    name = "measuring"
    version = "1"
    purpose = "Measures."

    def __init__(self, url: str, calls: int, rounds: int, turns: int) -> None:
        self.ours: list[float] = []
        self.raw: list[float] = []
        self._url = url
        self._calls = calls
        self._rounds = rounds
        self._turns = turns

    async def work(self, task: Task, bench: Workbench) -> None:
        del task
        client = AsyncOpenAI(base_url=self._url, api_key="none", max_retries=0)
        for _ in range(2):  # what is loaded once is no cost of a call
            await self._through_the_bench(bench, 1)
            await self._raw(client, 1)
        for _ in range(self._rounds):
            self.ours.append(await self._through_the_bench(bench, self._calls))
            self.raw.append(await self._raw(client, self._calls))
        await client.close()

    def _question(self, call: int) -> Question:
        speakers = (Speaker.USER, Speaker.ASSISTANT)
        turns = [said(speakers[turn % 2], f"{turn}: {WORDS}") for turn in range(self._turns + call)]
        return Question(messages=(said(Speaker.SYSTEM, WORDS), *turns))

    async def _through_the_bench(self, bench: Workbench, calls: int) -> float:
        questions = [self._question(call) for call in range(calls)]
        before = time.process_time()
        for question in questions:
            await bench.ask(question)
        return (time.process_time() - before) / calls * 1000

    async def _raw(self, client: AsyncOpenAI, calls: int) -> float:
        asked: list[Any] = [
            [{"role": told.speaker.value, "content": told.text} for told in self._question(call).messages]
            for call in range(calls)
        ]
        before = time.process_time()
        for messages in asked:
            reply = await client.chat.completions.create(model="scripted", messages=messages, max_tokens=4096)
            assert reply.choices[0].message.content
        return (time.process_time() - before) / calls * 1000


async def measure(url: str, folder: Path, options: argparse.Namespace) -> Measuring:
    agent = Measuring(url, options.calls, options.rounds, options.turns)
    settings = Settings.model_validate(
        {
            "home": folder / "home",
            "models": {
                "use": ["here/scripted"],
                "providers": {"here": {"base_url": url, "window": 1_000_000}},
            },
        }
    )
    plan = Plan(
        goal="Measure",
        tasks=(Task(id="ask", goal="Ask", agent=agent.name, checks=(Check(name="done", run="true"),)),),
    )
    async with open_installation(settings, plugins=[Plugin(name="measuring", agents=(agent,))]) as here:
        (folder / "target").mkdir()
        begun = await begin(here, await propose_plan(here, plan, folder / "target"))
        state = await carry_out(here, begun, Watcher())
    if not agent.raw:
        raise SystemExit(f"the run ended as {state.status}: {state.tasks['ask'].reason}")
    return agent


def main() -> int:
    parser = argparse.ArgumentParser(description="What a model call costs over the provider's own client.")
    parser.add_argument("--calls", type=int, default=40, help="calls of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side")
    parser.add_argument("--turns", type=int, default=20, help="turns of the first question of a round")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        Script([Turn(text="It adds two numbers.", times=None)]).write(folder / "script.json")
        command = [sys.executable, "-m", "astrolabe.testing.model_server", "--script", folder / "script.json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["openai_url"]
            try:
                agent = asyncio.run(measure(url, folder, options))
            finally:
                server.terminate()
    return report(agent, as_json=options.json)


def report(agent: Measuring, *, as_json: bool) -> int:
    ours, raw = statistics.median(agent.ours), statistics.median(agent.raw)
    added = statistics.median(a - b for a, b in zip(agent.ours, agent.raw, strict=True))
    if as_json:
        print(json.dumps({"ours_ms": ours, "raw_ms": raw, "added_ms": added, "most_ms": MOST_MILLISECONDS}))
    else:
        print(f"{'raw client':<24}{raw:8.2f} ms of CPU a call")
        print(f"{'through all layers':<24}{ours:8.2f} ms")
        print(f"{'added':<24}{added:8.2f} ms, at most {MOST_MILLISECONDS}")
    return 0 if added <= MOST_MILLISECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
