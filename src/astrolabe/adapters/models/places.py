"""Where models are, from the settings and from what is known of providers."""

import difflib
from collections.abc import Callable

from astrolabe.adapters.models.known import KNOWN, SERVED, Known, Wire
from astrolabe.adapters.models.options import ModelOptions, ProviderOptions
from astrolabe.adapters.models.place import Place
from astrolabe.errors import MissingError

_OWN_MACHINE_SECONDS = 600.0
"""How long a model on one's own machine may take, where nobody chose: it may be slow, and no provider drops the request."""


class Places:
    """`variable` gives a variable of the environment; "" where it is not set."""

    def __init__(self, options: ModelOptions, variable: Callable[[str], str]) -> None:
        self._options = options
        self._variable = variable

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of all providers that have a place, those of the settings first."""
        return tuple(dict.fromkeys([*self._options.providers, *KNOWN]))

    def options(self, provider: str) -> ProviderOptions:
        """Return what the settings say of a provider."""
        return self._options.providers.get(provider, ProviderOptions())

    def of_model(self, name: str) -> Place:
        """Return where the model `provider/model` is; MissingError if no provider can have it."""
        provider, slash, model = name.partition("/")
        if not slash or not model:
            raise MissingError(
                f"no provider has the model {name!r}",
                hint="A model is written as provider/model; see: astrolabe models list",
            )
        return self.of_provider(provider, model)

    def of_provider(self, name: str, model: str = "") -> Place:
        """Return where a provider is; MissingError if it is not known."""
        if name not in self.providers:
            near = difflib.get_close_matches(name, [*self.providers, SERVED], 1)
            meant = f"{near[0]}/{model}" if near and model else near[0] if near else ""
            raise MissingError(
                f"no provider {name!r} is known",
                hint=f"Did you mean {meant}?" if meant else "See which there are: astrolabe models list",
            )
        options, known = self.options(name), KNOWN.get(name)
        key = self._key(options, known)
        return Place(
            provider=name,
            wire=options.protocol or (known.wire if known else Wire.OPENAI),
            base_url=(options.base_url or (known.base_url if known else "")).rstrip("/"),
            timeout_seconds=options.timeout_seconds
            or self.patience(own_machine=known is not None and not known.variables),
            key=key,
            headers={name: value.get_secret_value() for name, value in options.headers.items()},
            safety={harm: block.value for harm, block in options.safety.items()},
            official=name == "openai" and options.base_url is None,
            priced=options.prices is not None,
            no_key="" if key else _advice(options, known),
        )

    def patience(self, *, own_machine: bool) -> float:
        """Return how many seconds an answer may take."""
        if own_machine and "timeout_seconds" not in self._options.model_fields_set:
            return _OWN_MACHINE_SECONDS
        return self._options.timeout_seconds

    def _key(self, options: ProviderOptions, known: Known | None) -> str:
        if options.key is not None:
            return options.key.get_secret_value().strip()
        if options.key_variable:
            return self._variable(options.key_variable).strip()
        if options.base_url is not None or known is None:
            return ""  # the key of a company is for its own address
        return next((found for name in known.variables if (found := self._variable(name).strip())), "")


def _advice(options: ProviderOptions, known: Known | None) -> str:
    """Return what to do about a key that is needed and not there; "" where none is needed."""
    if options.key_variable:
        return f"Set the variable {options.key_variable}."
    if known is None or not known.variables or options.base_url is not None:
        return ""
    return f"Set the variable {known.variables[0]}; keys are had at {known.keys}"
