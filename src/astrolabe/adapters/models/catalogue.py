"""The models of an installation, by name."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from astrolabe.adapters.models.endpoint import Endpoint
from astrolabe.adapters.models.facts import info_of
from astrolabe.adapters.models.known import SERVED, Wire
from astrolabe.adapters.models.meters import Meters
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.adapters.models.place import Place
from astrolabe.adapters.models.places import Places
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import NoModelError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.model import Model, ModelInfo
from astrolabe.ports.providers import KeyState, LimitSeen, ProviderInfo

if TYPE_CHECKING:
    import httpx2

At = Callable[[ModelInfo, str, str], Model]
"""Makes a model that answers in OpenAI's protocol at an address, to a key."""


class Catalogue:
    """Finds models. `variable` gives a variable of the environment; "" where it is not set.

    `served` finds those that are served on this machine: it is given the name, and what makes a model of an address.
    `limits` is the file that holds what providers said of their limits.
    """

    def __init__(
        self,
        options: ModelOptions,
        variable: Callable[[str], str],
        contacts: Contacts | None = None,
        served: Callable[[str, At], Model] | None = None,
        *,
        determinism: Determinism,
        limits: Path | None = None,
    ) -> None:
        self._options = options
        self._places = Places(options, variable)
        self._contacts = contacts or Contacts()
        self._served = served
        self._meters = Meters(limits, determinism)
        self._found: dict[str, Model] = {}
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._one_at_a_time = threading.Lock()

    def chain(self, agent: str) -> Sequence[Model]:
        names = self._options.agents.get(agent) or self._options.use
        if not names:
            raise NoModelError(
                f"the agent {agent!r} works with a language model, and none is set up",
                hint="Name one: ASTROLABE_MODELS__USE=provider/model; see: astrolabe models list",
            )
        return [self.named(name) for name in names]

    def named(self, name: str) -> Model:
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def used(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self._options.use, ())
        for agent, names in self._options.agents.items():
            for name in names:
                if name not in self._options.use:
                    found[name] = (*found.get(name, ()), agent)
        return found

    def providers(self) -> tuple[ProviderInfo, ...]:
        return tuple(map(self._told, self._places.providers))

    def limits(self, model: str) -> tuple[LimitSeen, ...]:
        return self._meters.seen(model)

    async def models_of(self, provider: str) -> tuple[str, ...]:
        place = self._places.of_provider(provider)
        self._may_contact(place, f"asking {provider} for its models")
        http = await asyncio.to_thread(self._client, place)
        from astrolabe.adapters.models.probing import list_models  # noqa: PLC0415 - takes seconds

        return await list_models(place, http)

    async def aclose(self) -> None:
        """Close every connection, and keep what was said of limits."""
        clients, self._clients = list(self._clients.values()), {}
        await asyncio.to_thread(self._meters.keep)
        await asyncio.gather(*(client.aclose() for client in clients))

    def _find(self, name: str) -> Model:
        provider, _, model = name.partition("/")
        if provider == SERVED and self._served and provider not in self._options.providers:
            return self._served(model, self._at)
        place = self._places.of_model(name)
        self._may_contact(place, f"asking {name}")
        info = info_of(name, place.base_url, self._places.options(place.provider))
        return Endpoint(info, place, self._client, self._meters.of(name))

    def _at(self, info: ModelInfo, url: str, key: str) -> Model:
        """Return a model of this machine, behind an address of its own."""
        place = Place(info.provider, Wire.OPENAI, url, self._places.patience(own_machine=True), key)
        return Endpoint(info, place, self._client, self._meters.of(info.name))

    def _may_contact(self, place: Place, purpose: str) -> None:
        host = urlsplit(place.base_url).hostname or ""
        self._contacts.require(f"{purpose} at {host}", host)

    def _told(self, provider: str) -> ProviderInfo:
        place = self._places.of_provider(provider)
        state = KeyState.SET if place.key else KeyState.MISSING if place.no_key else KeyState.UNNEEDED
        set_up = provider in self._options.providers
        return ProviderInfo(provider, place.wire.value, place.base_url, state, place.no_key, set_up)

    def _client(self, place: Place) -> "httpx2.AsyncClient":
        """Return the connections to a provider, which all its models share. It takes seconds: call it in a thread."""
        from astrolabe.adapters.models.connections import connections  # noqa: PLC0415 - takes seconds

        with self._one_at_a_time:
            if place.provider not in self._clients:
                self._clients[place.provider] = connections(place)
            return self._clients[place.provider]
