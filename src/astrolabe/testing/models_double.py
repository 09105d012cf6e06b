"""Models that say what a test has written down for them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from astrolabe.agents.asking import NoModels
from astrolabe.domain.conversation import Finish, Message, Question, Reply, Speaker, Text, TokenUse, ToolCall
from astrolabe.errors import MissingError, ModelRequestError
from astrolabe.ports.model import Heard, ModelInfo, unheard

Answer = Reply | Exception | Callable[[Question], Reply]
"""What a scripted model does when it is asked: it says that, raises it, or has it made from the question."""


def words(text: str, finish: Finish = Finish.STOP) -> Reply:
    """Return an answer of nothing but words."""
    return _reply((Text(text=text),) if text else (), finish)


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "", at: str = "c") -> Reply:
    """Return an answer that calls tools, each with its arguments; `at` begins the ids of the calls."""
    told = (Text(text=text),) if text else ()
    made = (ToolCall(id=f"{at}{n}", tool=tool, arguments=given) for n, (tool, given) in enumerate(wanted))
    return _reply((*told, *made), Finish.TOOLS)


def _reply(parts: tuple[Text | ToolCall, ...], finish: Finish) -> Reply:
    return Reply(
        message=Message(speaker=Speaker.ASSISTANT, parts=parts),
        finish=finish,
        use=TokenUse(read=100, written=10),
    )


class ScriptedModel:
    """Gives its answers one after the other, and then `after`; `asked` are the questions it was asked."""

    def __init__(
        self,
        answers: Iterable[Answer] = (),
        *,
        name: str = "scripted/model",
        window: int = 100_000,
        after: Answer | None = None,
        **known: Any,
    ) -> None:
        self.info = ModelInfo(name=name, provider="scripted", window=window, most_tokens=4096, **known)
        self.asked: list[Question] = []
        self._answers = list(answers)
        self._after = after

    async def ask(self, question: Question, heard: Heard = unheard) -> Reply:
        self.asked.append(question)
        if not self._answers and self._after is None:
            raise ModelRequestError(f"the script of {self.info.name} is over")
        answer = self._answers.pop(0) if self._answers else self._after
        if isinstance(answer, Exception):
            raise answer
        reply = answer if isinstance(answer, Reply) else answer(question) if answer else words("")
        heard(reply.message.text)
        return reply.model_copy(update={"model": self.info.name})


class ScriptedModels(NoModels):
    """An installation's models, for every agent the same ones."""

    def __init__(self, *models: ScriptedModel) -> None:
        self._models = models

    def chain(self, agent: str) -> Sequence[ScriptedModel]:  # noqa: ARG002 - the same ones for all
        return self._models

    def named(self, name: str) -> ScriptedModel:
        for model in self._models:
            if model.info.name == name:
                return model
        raise MissingError(f"there is no model {name!r}")
