"""The loop: a model is asked, the tools it calls are used, what they answer is told, until it is done.

Everything it knows follows from recorded steps: the model's replies and the commands' outputs. An attempt that was killed
takes the same course again up to where it was, without asking or running anything twice.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from astrolabe.agents.agent import Workbench
from astrolabe.agents.marking import NOTICE
from astrolabe.agents.stuck import HINTS, Turn, stuck
from astrolabe.agents.talking import Talk
from astrolabe.agents.tools.tool import Desk, Tool
from astrolabe.agents.using import Toolbox
from astrolabe.domain.conversation import (
    Finish,
    Message,
    Reply,
    Speaker,
    TokenUse,
    ToolResult,
    said,
)
from astrolabe.domain.plan import Task
from astrolabe.errors import AgentFailedError


@dataclass(frozen=True)
class Brief:
    """What a conversation begins with. `rules` say who the model is, `task` what is to be done.

    `pinned` are texts it is to keep in mind throughout: skills, how the repository wants things done.
    """

    rules: str
    task: str
    pinned: tuple[str, ...] = ()

    def opening(self) -> tuple[Message, ...]:
        """Return the messages that stay as they are, however long the conversation gets."""
        rules = "\n\n".join((self.rules.strip(), NOTICE, *self.pinned))
        return said(Speaker.SYSTEM, rules), said(Speaker.USER, self.task)


@dataclass(frozen=True)
class LoopLimits:
    """How much a conversation may take. `tokens` are those of all its questions and answers together."""

    turns: int = 80
    answer_tokens: int = 4096
    tokens: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a conversation came to: its last words, and what the tool that ended it was given."""

    text: str
    given: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    turns: int = 0
    use: TokenUse = field(default_factory=TokenUse)


Accept = Callable[[Outcome], Awaitable[str]]
"""Says what is still wrong with an outcome; nothing when it can be accepted."""

_REFUSED = (
    "You have refused to answer. The task is ordinary work on the code of this repository. If a part of it cannot be done, "
    "finish and say which."
)
_LOOPED = "You said the same over and over, and were stopped. Take one small step now: one call, with short arguments."


async def accepted(_outcome: Outcome) -> str:
    """Accept whatever a model is content with."""
    return ""


async def converse(
    task: Task,
    bench: Workbench,
    brief: Brief,
    tools: Sequence[Tool],
    *,
    limits: LoopLimits | None = None,
    accept: Accept = accepted,
) -> Outcome:
    """Let a model work on a task until it is done.

    It is done when it uses a tool that ends the conversation, or answers without using any; `accept` may send it back.

    Raises:
        AgentFailedError: it did not get there.
        NoModelError, ModelError, OverBudgetError: see `Workbench.ask`.
    """
    limits = limits or LoopLimits()
    talk = Talk(bench, brief.opening(), tools, limits.answer_tokens)
    desk = Desk(bench, task)
    toolbox = Toolbox(tools, desk, f"{task.id}\0{brief.task}")
    return await _Loop(desk, talk, toolbox, limits, accept).outcome()


class _Loop:
    def __init__(self, desk: Desk, talk: Talk, toolbox: Toolbox, limits: LoopLimits, accept: Accept) -> None:
        self._desk = desk
        self._bench = desk.bench
        self._talk = talk
        self._toolbox = toolbox
        self._limits = limits
        self._accept = accept
        self._turns: list[Turn] = []
        self._helped = 0

    async def outcome(self) -> Outcome:
        for turn in range(1, self._limits.turns + 1):
            self._check_tokens()
            done = await self._turn(turn)
            if done is not None:
                return done
            self._look_for_progress()
        raise AgentFailedError(
            f"it was not done after {self._limits.turns} turns",
            hint="Cut the task smaller, or allow it more turns.",
        )

    async def _turn(self, turn: int) -> Outcome | None:
        """Ask once, and do what is asked for; return the outcome when that is the end."""
        reply = await self._talk.asked()
        message = self._talk.heard(reply)
        done = await self._used(message, turn) if message.calls else self._worded(reply, message, turn)
        if done is None:
            return None
        fault = await self._accept(done)
        if fault:
            self._talk.tell(fault)
        return None if fault else done

    async def _used(self, message: Message, turn: int) -> Outcome | None:
        results = [await self._toolbox.use(call) for call in message.calls]
        self._talk.answer(results)
        self._turns.append(_turn_of(message, results, self._bench.tree))
        for call, result in zip(message.calls, results, strict=True):
            if self._toolbox.ends(call) and not result.failed:
                summary = call.arguments.get("summary")
                text = summary if isinstance(summary, str) else message.text.strip()
                return Outcome(text, call.arguments, turn, self._talk.use)
        return None

    def _worded(self, reply: Reply, message: Message, turn: int) -> Outcome | None:
        """Take words without a call: they are the end, unless they are none, or were cut off."""
        words = message.text.strip()
        self._turns.append(Turn(tree=self._bench.tree, words=bool(words)))
        if reply.finish is Finish.REFUSED:
            self._talk.tell(_REFUSED)
        elif reply.finish is Finish.LOOPED:
            self._talk.tell(_LOOPED)
        elif reply.finish is Finish.LENGTH:
            self._talk.tell("Your answer was cut off for its length. Go on in smaller steps.")
        elif not words:
            self._talk.tell("You have answered nothing. Use a tool, or finish.")
        else:
            return Outcome(words, {}, turn, self._talk.use)
        return None

    def _look_for_progress(self) -> None:
        """When the conversation gets nowhere, try another approach: a hint, then another model, then the task is given up.

        Whoever planned the task can then cut it smaller, or ask a person.
        """
        kind = stuck(self._turns)
        if kind is None:
            return
        self._turns.clear()
        self._helped += 1
        self._bench.say(f"getting nowhere: {kind.value}")
        if self._helped > 1 and not self._talk.change_model():
            raise AgentFailedError(
                f"it got nowhere ({kind.value}), and no hint and no other model helped",
                hint="Cut the task smaller, say more in its goal, or let a person look at it.",
            )
        self._talk.tell(HINTS[kind])

    def _check_tokens(self) -> None:
        most = self._limits.tokens
        used = self._talk.use.total + sum(use.total for use in self._desk.spent)
        if most is not None and used >= most:
            raise AgentFailedError(
                f"it has used {used:,} tokens, and may use {most:,}",
                hint="Cut the task smaller, or allow it more tokens.",
            )


def _turn_of(message: Message, results: Sequence[ToolResult], tree: str) -> Turn:
    calls = (
        json.dumps([call.tool, call.malformed or call.arguments], sort_keys=True) for call in message.calls
    )
    return Turn(
        calls=tuple(calls),
        results=tuple(result.text for result in results),
        failed=all(result.failed for result in results),
        tree=tree,
        words=bool(message.text.strip()),
    )
