"""Using the tools a model calls: checked, typed, bounded, and its faults told so that it can mend them."""

import json
from collections.abc import Sequence

from astrolabe.agents.marking import marked
from astrolabe.agents.tools.guard import check
from astrolabe.agents.tools.tool import Desk, Tool
from astrolabe.domain.conversation import ToolCall, ToolResult
from astrolabe.domain.sound import sound_text
from astrolabe.errors import (
    AstrolabeError,
    ConflictError,
    DeadlineError,
    InputError,
    MissingError,
    PolicyViolationError,
)

_TOLD = (InputError, MissingError, ConflictError, DeadlineError, PolicyViolationError)
"""Errors that a model can do something about; all others end the attempt."""
_SHOWN = 100


class Toolbox:
    """The tools of one conversation. `key` goes into the marks around what others have written."""

    def __init__(self, tools: Sequence[Tool], desk: Desk, key: str) -> None:
        self.tools = {tool.name: tool for tool in tools}
        self._desk = desk
        self._key = key

    async def use(self, call: ToolCall) -> ToolResult:
        """Return what a call came to; what the model did wrong is a failed result that says what to do."""
        self._desk.bench.say(_shown(call))
        try:
            return ToolResult(id=call.id, tool=call.tool, text=sound_text(await self._answer(call)))
        except _TOLD as fault:
            return ToolResult(id=call.id, tool=call.tool, text=sound_text(in_words(fault)), failed=True)

    def ends(self, call: ToolCall) -> bool:
        """Tell whether a call that did not fail ends the conversation."""
        return call.tool in self.tools and self.tools[call.tool].ends

    async def _answer(self, call: ToolCall) -> str:
        tool = self.tools.get(call.tool)
        if tool is None:
            raise MissingError(f"there is no tool {call.tool!r}", hint=f"There are: {', '.join(self.tools)}.")
        if call.malformed:
            raise InputError(
                f"the arguments of {call.tool} are no JSON object",
                hint="Write them again, whole; make the text shorter if it was cut off.",
            )
        given = tool.read(call.arguments)
        check(self._desk.task, tool.touches(given))
        text = await tool.use(given, self._desk)
        return marked(text, self._key) if tool.foreign else text


def in_words(fault: AstrolabeError) -> str:
    """Return an error as a model reads it."""
    return f"{fault}\n{fault.hint}" if fault.hint else str(fault)


def _shown(call: ToolCall) -> str:
    arguments = call.malformed or json.dumps(call.arguments, ensure_ascii=False)
    return f"{call.tool} {arguments if len(arguments) <= _SHOWN else arguments[:_SHOWN] + '…'}"
