"""One conversation with the models of a chain: what was said so far, and who is asked next, in which style."""

from collections.abc import Sequence

from astrolabe.agents.agent import Workbench
from astrolabe.agents.calls import with_calls_read
from astrolabe.agents.styles import question_of
from astrolabe.agents.tools.tool import Tool
from astrolabe.domain.conversation import (
    Message,
    Question,
    Reply,
    Speaker,
    TokenUse,
    ToolResult,
    said,
)
from astrolabe.errors import ModelError
from astrolabe.ports.model import CallStyle, ModelInfo

_SLIPS = 2
"""Answers with calls in words after which a model is held to a shape."""
_SHARE = 4
"""Of a window, the part that is left for an answer at most."""


class Talk:
    """What has been said. `use` is what all of it took."""

    def __init__(
        self, bench: Workbench, opening: Sequence[Message], tools: Sequence[Tool], answer_tokens: int
    ) -> None:
        self.use = TokenUse()
        self._bench = bench
        self._messages = list(opening)
        self._tools = tuple(tools)
        self._names = frozenset(tool.name for tool in tools)
        self._answer_tokens = answer_tokens
        self._chain = bench.models()
        self._at = 0
        self._slips: dict[str, int] = {}
        self._called: set[str] = set()
        self._written = 0

    @property
    def model(self) -> ModelInfo:
        """Who is asked next."""
        return self._chain[self._at]

    def change_model(self) -> bool:
        """Let the next model of the chain go on; tell whether there is one."""
        if self._at + 1 == len(self._chain):
            return False
        self._at += 1
        return True

    async def asked(self) -> Reply:
        """Ask the model whose turn it is; when it fails, the next one takes over for the rest of the conversation.

        Raises:
            ModelError: the last one failed too.
        """
        while True:
            info = self.model
            try:
                reply = await self._bench.ask(self._question(info), models=(info.name,))
            except ModelError as error:
                if not self.change_model():
                    raise
                self._bench.say(f"going on with {self.model.name}, for {error}")
                continue
            self.use = _sum(self.use, reply.use)
            return reply

    def heard(self, reply: Reply) -> Message:
        """Take a reply in; calls that it holds in words are calls then."""
        info, message = self.model, reply.message
        if message.calls:
            self._called.add(info.name)
        elif info.name not in self._called:
            message = with_calls_read(message, self._names, self._written)
            self._written += len(message.calls)
            if message.calls and info.call_style is CallStyle.NATIVE:
                self._slips[info.name] = self._slips.get(info.name, 0) + 1
        self._messages.append(message)
        return message

    def answer(self, results: Sequence[ToolResult]) -> None:
        """Tell what the tools answered."""
        self._messages.append(Message(speaker=Speaker.USER, parts=tuple(results)))

    def tell(self, text: str) -> None:
        """Say something to the model."""
        self._messages.append(said(Speaker.USER, text))

    def _question(self, info: ModelInfo) -> Question:
        most = min(self._answer_tokens, info.most_tokens, info.window // _SHARE)
        return question_of(self._messages, self._tools, self._style(info), most)

    def _style(self, info: ModelInfo) -> CallStyle:
        """Return how a model is to call; one that writes its calls in words all the same is held to a shape."""
        if info.call_style is not CallStyle.NATIVE or self._slips.get(info.name, 0) < _SLIPS:
            return info.call_style
        return CallStyle.SHAPE if info.shapes else CallStyle.TEXT


def _sum(one: TokenUse, other: TokenUse) -> TokenUse:
    return TokenUse(
        read=one.read + other.read,
        written=one.written + other.written,
        cached=one.cached + other.cached,
        stored=one.stored + other.stored,
    )
