"""One conversation with the models of a chain: what was said so far, who is asked next, and how it is kept in their windows."""

from collections.abc import AsyncIterator, Sequence

from astrolabe.agents.agent import Workbench
from astrolabe.agents.calls import with_calls_read
from astrolabe.agents.history import mended
from astrolabe.agents.marking import marked
from astrolabe.agents.styles import question_of
from astrolabe.agents.tools.tool import Tool
from astrolabe.agents.window import (
    ENOUGH,
    KEPT_TURNS,
    LAST_RESULTS,
    OLD_RESULT,
    SUMMARY,
    SUMMED_UP,
    Gauge,
    cut_middle,
    mechanical_summary,
    recent,
    shortened,
)
from astrolabe.domain.conversation import (
    Finish,
    Message,
    Part,
    Question,
    Reply,
    Speaker,
    Text,
    TokenUse,
    ToolCall,
    ToolResult,
    said,
)
from astrolabe.domain.repetition import without_circle
from astrolabe.errors import ModelError, WindowExceededError
from astrolabe.ports.model import CallStyle, ModelInfo

_SLIPS = 2
"""Answers with calls in words after which a model is held to a shape."""
_SHARE = 4
"""Of a window, the part that is left for an answer at most."""
_SUMMARY_TOKENS = 1024
_LEAST_CHARACTERS = 400
"""Of what is to be summed up: less says nothing."""


class Talk:
    """What has been said. `use` is what all of it took."""

    def __init__(
        self, bench: Workbench, opening: Sequence[Message], tools: Sequence[Tool], answer_tokens: int
    ) -> None:
        self.use = TokenUse()
        self._bench = bench
        self._messages = list(opening)
        self._opening = len(opening)
        self._tools = tuple(tools)
        self._names = frozenset(tool.name for tool in tools)
        self._answer_tokens = answer_tokens
        self._chain = bench.models()
        self._at = 0
        self._gauge = Gauge()
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
            try:
                return await self._asked(self.model)
            except ModelError as error:
                if not self.change_model():
                    raise
                self._bench.say(f"going on with {self.model.name}, for {error}")

    def heard(self, reply: Reply) -> Message:
        """Take a reply in; calls that it holds in words are calls then."""
        info, message = self.model, _said_once(reply)
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

    async def _asked(self, info: ModelInfo) -> Reply:
        """Ask with a question that fits; once more with a shorter one when the provider says that it does not."""
        question = await self._fitted(info)
        try:
            reply = await self._reply(info, question)
        except WindowExceededError:
            self._gauge.refused(info, question)
            question = await self._fitted(info)
            reply = await self._reply(info, question)
        self._gauge.learn(info, question, reply.use.read)
        return reply

    async def _reply(self, info: ModelInfo, question: Question) -> Reply:
        reply = await self._bench.ask(question, models=(info.name,))
        self.use = _sum(self.use, reply.use)
        return reply

    async def _fitted(self, info: ModelInfo) -> Question:
        question = self._question(info)
        if self._gauge.fits(info, question):
            return question
        async for share in self._compacted(info):
            question = self._question(info)
            if self._gauge.fits(info, question, share):
                return question
        raise WindowExceededError(
            f"what the conversation begins with and its last turn do not go into the {info.window:,} tokens of {info.name}",
            hint="Use a model with a larger window, fewer skills, or a smaller task.",
        )

    async def _compacted(self, info: ModelInfo) -> AsyncIterator[float]:
        """Make the conversation shorter, step by step, each one losing more; give the share of the room that is enough then.

        Each compaction costs what a provider has cached, so the first steps are to leave room for some turns.
        """
        self._bench.say(f"making the conversation shorter, for the window of {info.name}")
        self._shorten(self._recent(), OLD_RESULT)
        yield ENOUGH
        await self._sum_up(info, self._recent())
        yield ENOUGH
        self._shorten(self._recent(1), OLD_RESULT)
        yield 1.0
        await self._sum_up(info, self._recent(1))
        yield 1.0
        for most in LAST_RESULTS:
            self._shorten(len(self._messages), most)
            yield 1.0

    def _recent(self, turns: int = KEPT_TURNS) -> int:
        return recent(self._messages, self._opening, turns)

    def _shorten(self, end: int, most: int) -> None:
        self._messages = shortened(self._messages, self._opening, end, most)

    async def _sum_up(self, info: ModelInfo, end: int) -> None:
        """Put a summary in place of what lies between the opening and `end`."""
        middle = self._messages[self._opening : end]
        if not middle:
            return
        told = said(Speaker.USER, SUMMED_UP + await self._summary(info, middle))
        self._messages[self._opening : end] = [told]

    async def _summary(self, info: ModelInfo, middle: Sequence[Message]) -> str:
        plain = mechanical_summary(middle)
        try:
            reply = await self._reply(info, self._asking_for_summary(info, plain))
        except ModelError as error:
            self._bench.say(f"the conversation is summed up without a model, for {error}")
            return cut_middle(plain, info.window)
        return reply.message.text.strip() or cut_middle(plain, info.window)

    def _asking_for_summary(self, info: ModelInfo, plain: str) -> Question:
        """Return the question for a summary, with as much of what happened as goes in."""
        most = min(_SUMMARY_TOKENS, info.most_tokens, info.window // _SHARE)
        size = len(plain)
        while True:
            text = marked(cut_middle(plain, size), SUMMARY)
            messages = (said(Speaker.SYSTEM, SUMMARY), said(Speaker.USER, text))
            question = Question(messages=messages, most_tokens=most)
            if self._gauge.fits(info, question) or size < _LEAST_CHARACTERS:
                return question
            size //= 2

    def _question(self, info: ModelInfo) -> Question:
        most = min(self._answer_tokens, info.most_tokens, info.window // _SHARE)
        return question_of(mended(self._messages), self._tools, self._style(info), most)

    def _style(self, info: ModelInfo) -> CallStyle:
        """Return how a model is to call; one that writes its calls in words all the same is held to a shape."""
        if info.call_style is not CallStyle.NATIVE or self._slips.get(info.name, 0) < _SLIPS:
            return info.call_style
        return CallStyle.SHAPE if info.shapes else CallStyle.TEXT


def _said_once(reply: Reply) -> Message:
    """Return what a reply says, a circle in it once: a model that reads it all again goes on with it."""
    if reply.finish is not Finish.LOOPED:
        return reply.message
    parts = tuple(map(_part_once, reply.message.parts))
    return reply.message.model_copy(update={"parts": parts})


def _part_once(part: Part) -> Part:
    match part:
        case Text():
            return part.model_copy(update={"text": without_circle(part.text)})
        case ToolCall():
            return part.model_copy(update={"malformed": without_circle(part.malformed)})
        case _:
            return part


def _sum(one: TokenUse, other: TokenUse) -> TokenUse:
    return TokenUse(
        read=one.read + other.read,
        written=one.written + other.written,
        cached=one.cached + other.cached,
        stored=one.stored + other.stored,
    )
