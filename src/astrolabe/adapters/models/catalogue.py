"""The models of an installation, by name."""

import asyncio
import difflib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from astrolabe.adapters.models.endpoint import Endpoint
from astrolabe.adapters.models.facts import info_of
from astrolabe.adapters.models.known import KNOWN, SERVED, Known, Wire
from astrolabe.adapters.models.options import ModelOptions, ProviderOptions
from astrolabe.adapters.models.place import Place
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import MissingError, NoModelError
from astrolabe.ports.model import Model, ModelInfo

if TYPE_CHECKING:
    import httpx2

At = Callable[[ModelInfo, str, str], Model]
"""Makes a model that answers in OpenAI's protocol at an address, to a key."""
_OWN_MACHINE_SECONDS = 600.0
"""How long a model on one's own machine may take, where nobody chose: it may be slow, and no provider drops the request."""


class Catalogue:
    """Finds models. `variable` gives a variable of the environment; "" where it is not set.

    `served` finds those that are served on this machine: it is given the name, and what makes a model of an address.
    """

    def __init__(
        self,
        options: ModelOptions,
        variable: Callable[[str], str],
        contacts: Contacts | None = None,
        served: Callable[[str, At], Model] | None = None,
    ) -> None:
        self._options = options
        self._variable = variable
        self._contacts = contacts or Contacts()
        self._served = served
        self._found: dict[str, Model] = {}
        self._clients: dict[str, httpx2.AsyncClient] = {}

    def chain(self, agent: str) -> Sequence[Model]:
        names = self._options.agents.get(agent) or self._options.use
        if not names:
            raise NoModelError(
                f"the agent {agent!r} works with a language model, and none is set up",
                hint="Name one: ASTROLABE_MODELS__USE=provider/model; see: astrolabe models --help",
            )
        return [self.named(name) for name in names]

    def named(self, name: str) -> Model:
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Model:
        provider, _, model = name.partition("/")
        if provider == SERVED and self._served and provider not in self._options.providers:
            return self._served(model, self._at)
        place = self.place(name)
        host = urlsplit(place.base_url).hostname or ""
        self._contacts.require(f"asking {name} at {host}", host)
        return Endpoint(info_of(name, place.base_url, self._provider(place.provider)), place, self._client)

    def _at(self, info: ModelInfo, url: str, key: str) -> Model:
        """Return a model of this machine, behind an address of its own."""
        patience = self._options.timeout_seconds
        if "timeout_seconds" not in self._options.model_fields_set:
            patience = _OWN_MACHINE_SECONDS
        return Endpoint(info, Place(info.provider, Wire.OPENAI, url, patience, key), self._client)

    def place(self, name: str) -> Place:
        """Return where the model of that name is; MissingError if no provider of the settings can have it."""
        provider, slash, model = name.partition("/")
        if not slash or not model or provider not in {*KNOWN, *self._options.providers}:
            known = [*self._options.providers, *KNOWN, SERVED]
            near = difflib.get_close_matches(provider, known, 1)
            raise MissingError(
                f"no provider has the model {name!r}",
                hint=f"Did you mean {near[0]}/{model}?"
                if near and model
                else "It is written as provider/model; see: astrolabe models",
            )
        options, known = self._provider(provider), KNOWN.get(provider)
        wire = options.protocol or (known.wire if known else Wire.OPENAI)
        base_url = options.base_url or (known.base_url if known else "")
        own_machine = known is not None and not known.variables
        key = self._key(options, known)
        return Place(
            provider=provider,
            wire=wire,
            base_url=base_url.rstrip("/"),
            timeout_seconds=options.timeout_seconds
            or (
                _OWN_MACHINE_SECONDS
                if own_machine and "timeout_seconds" not in self._options.model_fields_set
                else self._options.timeout_seconds
            ),
            key=key,
            headers={name: value.get_secret_value() for name, value in options.headers.items()},
            safety={harm: block.value for harm, block in options.safety.items()},
            official=provider == "openai" and options.base_url is None,
            priced=options.prices is not None,
            no_key="" if key else self._advice(options, known),
        )

    async def aclose(self) -> None:
        """Close every connection."""
        clients, self._clients = list(self._clients.values()), {}
        await asyncio.gather(*(client.aclose() for client in clients))

    def _provider(self, name: str) -> ProviderOptions:
        return self._options.providers.get(name, ProviderOptions())

    def _key(self, options: ProviderOptions, known: Known | None) -> str:
        if options.key is not None:
            return options.key.get_secret_value().strip()
        names = [options.key_variable] if options.key_variable else known.variables if known else ()
        if options.base_url is not None and not options.key_variable:
            return ""  # the key of a company is for its own address
        return next((found for name in names if (found := self._variable(name).strip())), "")

    def _advice(self, options: ProviderOptions, known: Known | None) -> str:
        """Return what to do about a key that is needed and not there; "" where none is needed."""
        if options.key_variable:
            return f"Set the variable {options.key_variable}."
        if known is None or not known.variables or options.base_url is not None:
            return ""
        return f"Set the variable {known.variables[0]}; keys are had at {known.keys}"

    def _client(self, place: Place) -> "httpx2.AsyncClient":
        """Return the connections to a provider, which all its models share."""
        from astrolabe.adapters.models.connections import connections  # noqa: PLC0415 - takes seconds

        if place.provider not in self._clients:
            self._clients[place.provider] = connections(place)
        return self._clients[place.provider]
