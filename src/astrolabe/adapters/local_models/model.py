"""A model that is served on this machine when it is asked: `local/NAME`."""

from collections.abc import Callable

from astrolabe.adapters.local_models.serving import Endpoint, LocalServers
from astrolabe.domain.conversation import Question, Reply
from astrolabe.errors import AstrolabeError, ModelError
from astrolabe.ports.model import CallStyle, Heard, Model, ModelInfo, unheard

At = Callable[[ModelInfo, str, str], Model]
"""Makes a model that answers in OpenAI's protocol at an address, to a key."""


def local_model(servers: LocalServers, name: str, at: At) -> Model:
    """Return the model of weights by name; MissingError when there are none of that name."""
    window = min(servers.options.context_tokens, servers.weights(name).context_tokens)
    # so small a model writes no calls that its server would recognise, but does what a schema holds it to
    info = ModelInfo(
        f"local/{name}",
        "local",
        window,
        window // 2,
        tools=False,
        calls=CallStyle.SHAPE,
        bounds=True,
        small=True,
    )
    return _LocalModel(info, servers, name, at)


class _LocalModel:
    """Has its server run for each answer: one that was killed or has ended meanwhile is started again by the next."""

    def __init__(self, info: ModelInfo, servers: LocalServers, name: str, at: At) -> None:
        self._info = info
        self._servers = servers
        self._name = name
        self._at = at
        self._reached: tuple[Endpoint, Model] | None = None

    @property
    def info(self) -> ModelInfo:
        return self._info

    async def ask(self, question: Question, heard: Heard = unheard) -> Reply:
        try:
            async with self._servers.using(self._name) as endpoint:
                return await self._reach(endpoint).ask(question, heard)
        except ModelError:
            raise
        except AstrolabeError as error:
            raise ModelError(error.message, hint=error.hint) from error

    def _reach(self, endpoint: Endpoint) -> Model:
        if self._reached is None or self._reached[0] != endpoint:
            self._reached = (endpoint, self._at(self._info, endpoint.url, endpoint.key))
        return self._reached[1]
