"""Asking models: each try is a recorded step, so that limits hold through tries again and through every fallback."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from astrolabe.agents.exchanges import Exchanges, Keep, forgotten, sheet_of
from astrolabe.agents.hearing import Hearing
from astrolabe.agents.recording import Recorder
from astrolabe.agents.tokens import tokens_of, tokens_of_message, tokens_of_question
from astrolabe.domain.budget import Usage
from astrolabe.domain.conversation import Question, Reply
from astrolabe.domain.plan import Backoff
from astrolabe.errors import (
    MissingError,
    ModelBusyError,
    ModelError,
    ModelKeyError,
    ModelRequestError,
    NoModelError,
    WindowExceededError,
)
from astrolabe.ports.model import Heard, Model, ModelInfo, Models, unheard
from astrolabe.ports.providers import LimitSeen, ProviderInfo

_MILLION = 1_000_000
_ERRORS = {
    kind.code: kind
    for kind in (ModelError, ModelBusyError, ModelKeyError, ModelRequestError, WindowExceededError)
}


@dataclass(frozen=True)
class Patience:
    """How often one model is asked before the next one is. A provider's own wait counts, up to `longest_wait_seconds`."""

    tries: int = 4
    backoff: Backoff = field(default_factory=lambda: Backoff(base=1.0, max=30.0))
    longest_wait_seconds: float = 120.0

    def wait_seconds(self, key: str, failures: int, error: ModelError) -> float:
        """Return how long to wait after so many failures (≥ 1); the jitter follows from `key`."""
        fraction = int.from_bytes(hashlib.sha256(f"{key}/{failures}".encode()).digest()[:4]) / 2**32
        own = self.backoff.seconds(failures, fraction)
        return max(own, error.retry_after_seconds or 0.0)


class NoModels:
    """The models of an installation that has none."""

    def chain(self, agent: str) -> Sequence[Model]:
        raise NoModelError(
            f"the agent {agent!r} works with a language model, and none is set up",
            hint="Name one: ASTROLABE_MODELS__USE=provider/model; see: astrolabe models list",
        )

    def named(self, name: str) -> Model:
        return self.chain(name)[0]

    def used(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def providers(self) -> tuple[ProviderInfo, ...]:
        return ()

    def limits(self, model: str) -> tuple[LimitSeen, ...]:
        del model
        return ()

    async def models_of(self, provider: str) -> tuple[str, ...]:
        raise MissingError(f"no provider {provider!r} is known")


class Asker:
    """One attempt's way to the models."""

    def __init__(
        self,
        models: Models,
        recorder: Recorder,
        agent: str,
        key: str,
        say: Callable[[str], None],
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        heard: Heard = unheard,
        keep: Keep = forgotten,
    ) -> None:
        self._models = models
        self._recorder = recorder
        self._agent = agent
        self._key = key
        self._say = say
        self._patience = patience or Patience()
        self._sleep = sleep
        self._heard = heard
        self._exchanges = Exchanges(keep)
        self._introduced = False
        self.answered: dict[str, None] = {}
        """Who answered, in the order of their first answers."""

    def chain(self, names: Sequence[str] = ()) -> tuple[Model, ...]:
        """Return the models that would be asked: those of these names, else those set for the agent."""
        found = tuple(map(self._models.named, names)) if names else tuple(self._models.chain(self._agent))
        if not found:
            raise NoModelError("no model is named")
        return found

    async def ask(self, question: Question, names: Sequence[str] = ()) -> Reply:
        """Return the first answer that one of the models gives. Where somebody hears it, it is told in pieces on the way.

        Raises:
            NoModelError: none is set up.
            OverBudgetError: what may be spent does not allow another try.
            WindowExceededError: the question is longer than every one of them can read.
            ModelError: none of them answered; what the last one said.
        """
        last: ModelError | None = None
        chain = await asyncio.to_thread(
            self.chain, names
        )  # the first time it reads tables that take long to load
        hearing = Hearing(self._heard) if self._listens(chain) else None
        for model in chain:
            if last is not None:
                self._say(f"asking {model.info.name}, for {last}")
            try:
                return await self._patiently(model, question, hearing, chain)
            except ModelError as error:
                last = _graver(last, error)
        raise last or NoModelError("no model is named")

    def _listens(self, chain: Sequence[Model]) -> bool:
        """Tell whether answers are asked for in pieces: somebody hears them, or one may go round in a circle."""
        return self._heard is not unheard or any(model.info.small for model in chain)

    async def _patiently(
        self, model: Model, question: Question, hearing: Hearing | None, chain: Sequence[Model]
    ) -> Reply:
        _must_fit(model.info, question)
        streams = model.info.streams
        for failures in range(1, self._patience.tries + 1):
            told, asked_now = await self._once(model, question, hearing if streams else None, chain)
            if "reply" in told:
                reply = Reply.model_validate(told["reply"])
                self.answered.setdefault(reply.model)
                if hearing is not None and asked_now:
                    hearing.end(reply.message.text)
                return reply
            error, last = error_of(told["error"]), failures == self._patience.tries
            streams = streams and not told.get("streamed", False)  # what broke in pieces is asked for whole
            if told.get("streamed") and isinstance(error, ModelRequestError) and not last:
                continue  # it may be that it tells nothing in pieces
            wait = self._patience.wait_seconds(self._key, failures, error)
            if not isinstance(error, ModelBusyError) or last or wait > self._patience.longest_wait_seconds:
                raise error
            if asked_now:
                self._say(f"{error}; asked again in {wait:.1f} s")
                await self._sleep(wait)
        raise AssertionError("tries is at least 1")

    async def _once(
        self, model: Model, question: Question, hearing: Hearing | None, chain: Sequence[Model]
    ) -> tuple[dict[str, Any], bool]:
        """Return what one try came to, and whether it was made just now rather than in an earlier life."""
        made: list[bool] = []
        sheet = sheet_of(question)

        async def do() -> tuple[dict[str, Any], Usage]:
            made.append(True)
            told: dict[str, Any] = {"model": model.info.name, "question": sheet.digest}
            told["kept"] = await self._exchanges.keep(sheet)
            if not self._introduced:  # what was known of them decided how they were asked: a replay needs it
                told["agent"], told["chain"] = self._agent, [asdict(each.info) for each in chain]
            if hearing is not None:
                told["streamed"] = True
            return await _tried(model, question, hearing, told)

        told, _ = await self._recorder.recorded(
            "model", do, reserve=most_used(model.info, question), about=sheet.digest
        )
        self._introduced = self._introduced or "chain" in told
        self._exchanges.remember(told.get("kept", ()))
        return told, bool(made)


async def _tried(
    model: Model, question: Question, hearing: Hearing | None, told: dict[str, Any]
) -> tuple[dict[str, Any], Usage]:
    """Ask once; return `told` with what came of it, and what that used."""
    if hearing is not None:
        hearing.begin()
    try:
        reply = await model.ask(question, unheard if hearing is None else hearing)
    except ModelError as error:
        return {**told, "error": _told(error)}, _lost(model.info, question, hearing)
    return {**told, "reply": reply.model_dump(mode="json")}, _usage(model.info, question, reply)


def most_used(info: ModelInfo, question: Question) -> Usage:
    """Return the most an answer can cost."""
    return _estimate(info, question, min(question.most_tokens, info.most_tokens))


def _estimate(info: ModelInfo, question: Question, written: int) -> Usage:
    read, prices = tokens_of_question(question), info.prices
    money = 0.0
    if prices is not None:
        money = (read * max(prices.read, prices.stored) + written * prices.written) / _MILLION
    return Usage(money=money, tokens=read + written, model_calls=1)


def _must_fit(info: ModelInfo, question: Question) -> None:
    needed = tokens_of_question(question, by_grammar=info.bounds) + min(
        question.most_tokens, info.most_tokens
    )
    if needed > info.window:
        raise WindowExceededError(
            f"the question and the room for its answer are about {needed:,} tokens, and {info.name} reads {info.window:,}"
        )


def _usage(info: ModelInfo, question: Question, reply: Reply) -> Usage:
    """Return what an answer used; where its provider does not say, what it is taken to have used at the most."""
    if not reply.use.total:
        return _estimate(info, question, tokens_of_message(reply.message))
    return Usage(money=reply.money, tokens=reply.use.total, model_calls=1)


def _lost(info: ModelInfo, question: Question, hearing: Hearing | None) -> Usage:
    """Return what a try used that gave no answer: what was read and said until it broke off is paid for."""
    if hearing is None or not hearing.words:
        return Usage(model_calls=1)
    return _estimate(info, question, tokens_of(hearing.words))


def _told(error: ModelError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "retry_after_seconds": error.retry_after_seconds,
    }


def error_of(told: Mapping[str, Any]) -> ModelError:
    """Return the error that a try was recorded with."""
    kind = _ERRORS.get(told["code"], ModelError)
    return kind(told["message"], hint=told["hint"], retry_after_seconds=told["retry_after_seconds"])


def _graver(last: ModelError | None, error: ModelError) -> ModelError:
    """Return what tells more: that a question is too long for one model says little when another was tried as well."""
    if (
        last is not None
        and isinstance(error, WindowExceededError)
        and not isinstance(last, WindowExceededError)
    ):
        return last
    return error
