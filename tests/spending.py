"""Many conversations at once that spend all they may, with a provider that fails in every way that costs another try."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from astrolabe.domain.conversation import TokenUse
from astrolabe.sdk import (
    Budget,
    OverBudgetError,
    Plan,
    Plugin,
    Question,
    Speaker,
    Task,
    Workbench,
    said,
)
from astrolabe.testing.models import Failure, FailureKind, ModelServer, Request, Turn

TASKS, SIDE = 8, 4
USE = TokenUse(read=20, written=12)
DOLLARS_A_TOKEN = 0.001
WORDS = (
    "Name the one thing in this sentence that could go wrong, and say in a few words what to do about it. "
)


class Spender:
    """Asks without end, four questions at a time."""

    name = "spender"
    version = "1"
    purpose = "Spends."
    asks_models = True

    async def work(self, task: Task, bench: Workbench) -> None:
        ended = await asyncio.gather(*(self._talk(bench) for _ in range(SIDE)), return_exceptions=True)
        raise next((end for end in ended if isinstance(end, OverBudgetError)), AssertionError(str(ended)))

    async def _talk(self, bench: Workbench) -> None:
        while True:
            await bench.ask(Question(messages=(said(Speaker.USER, WORDS),), most_tokens=32))


def plan(budget: Budget | None = None) -> Plan:
    tasks = tuple(
        Task(id=f"t{number}", name=f"t{number}", goal="Spend", agent="spender", retries=3)
        for number in range(TASKS)
    )
    return Plan(goal="Spend all", tasks=tasks, budget=budget or Budget())


def plugins() -> list[Plugin]:
    return [Plugin(name="spender", agents=(Spender(),))]


def models(server: ModelServer) -> dict[str, Any]:
    """Return the settings of two providers: one that is asked first and often fails, and one after it."""
    prices = {"read": DOLLARS_A_TOKEN * 1e6, "written": DOLLARS_A_TOKEN * 1e6}
    told = {"base_url": server.openai_url, "prices": prices, "window": 32_000, "streams": False}
    return {"use": ["shaky/a", "sound/b"], "providers": {"shaky": told, "sound": told}}


def answers(most_busy: int) -> Callable[[Request], Turn]:
    """Return a script: of the first model every third answer is none that a second try helps; so many at first are 429."""
    numbers, busy = itertools.count(), itertools.count()

    def answer(request: Request) -> Turn:
        number = next(numbers)
        kind = None
        if request.gist.model == "a" and number % 3 == 0 and next(busy) < most_busy:
            kind = FailureKind.RATE_LIMITED
        elif request.gist.model == "a" and number % 3 == 1:
            kind = FailureKind.UNKNOWN_MODEL
        failure = None if kind is None else Failure(kind=kind, retry_after=0.0)
        return Turn(text="Nothing.", use=USE, failure=failure)

    return answer


def spent(server: ModelServer) -> dict[str, float]:
    """Return what the server has given, whatever anybody's books say."""
    asked = [exchange for exchange in server.exchanges if exchange.request.method == "POST"]
    answered = sum(exchange.status == 200 for exchange in asked)
    return {
        "model_calls": len(asked),
        "tokens": answered * USE.total,
        "money": round(answered * USE.total * DOLLARS_A_TOKEN, 6),
    }


def home(folder: Path, server: ModelServer, **more: Any) -> dict[str, Any]:
    return {
        "home": str(folder / "home"),
        "models": models(server),
        "engine": {"parallel_tasks": TASKS},
        **more,
    }
