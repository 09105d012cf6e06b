"""`astrolabe models list|show|check`: the language models in use, and who has them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.ports.model import ModelInfo, Prices
    from astrolabe.ports.providers import LimitSeen, ProviderInfo
    from astrolabe.services.installation import Installation
    from astrolabe.services.models import Answer, ModelView

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[str, typer.Argument(metavar="PROVIDER/MODEL", help="A model, as settings write it.")]


def list_models(json: Json = False) -> None:
    """List the models in use and the providers that are known, with their addresses and whether a key is set."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.models import models_in_use

    async def use(installation: "Installation") -> None:
        views, providers = await models_in_use(installation), installation.models.providers()
        if json:
            told = [_provider_document(provider) for provider in providers]
            print_json({"models": [_document(view) for view in views], "providers": told})
            return
        if not views:
            say("no model is in use; name one: ASTROLABE_MODELS__USE=provider/model")
        for view in views:
            _print(view)
        say("\nproviders:")
        for provider in providers:
            say(f"  {clean(provider.name):<12} {clean(provider.address):<52} {_key(provider)}")

    with_installation(use)


def show(name: Model, json: Json = False) -> None:
    """Show what is known of one model: its window, what it can do, its prices, its limits as last told."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.models import view_model

    async def use(installation: "Installation") -> None:
        view = await view_model(installation, name, installation.models.used().get(name, ()))
        if view.info is None and view.fault is not None:
            raise view.fault
        print_json(_document(view)) if json else _print(view)

    with_installation(use)


def check(
    providers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROVIDER]...", help="By default those of the models in use."),
    ] = None,
    json: Json = False,
) -> None:
    """Ask providers which models they have: it costs nothing, and shows whether they answer and take their keys."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.models import Answer, ask_providers

    async def use(installation: "Installation") -> tuple[Answer, ...]:
        return await ask_providers(installation, providers or ())

    answers = with_installation(use)
    if json:
        print_json({"providers": [_answer_document(answer) for answer in answers]})
    elif not answers:
        say("no provider is in use; name a model: ASTROLABE_MODELS__USE=provider/model")
    else:
        _print_answers(answers)
    if any(answer.error is not None or answer.missing for answer in answers):
        raise typer.Exit(Exit.UNAVAILABLE)


def _print(view: "ModelView") -> None:
    say(clean(view.name) + (f" (for {', '.join(view.agents)})" if view.agents else ""))
    if view.info is not None:
        info = view.info
        say(f"  reads {info.window:,} tokens with its answer of at most {info.most_tokens:,}; {_can(info)}")
        say(f"  {_costs(info.prices)}")
    if view.provider is not None:
        say(f"  at {clean(view.provider.address)}, {_key(view.provider)}")
    for limit in view.limits:
        say(f"  {_limit(limit)}")
    if view.fault is not None:
        say(f"  {clean(str(view.fault))}. {clean(view.fault.hint)}")


def _can(info: "ModelInfo") -> str:
    abilities = {"calls tools": info.tools, "keeps to a JSON Schema": info.shapes, "streams": info.streams}
    return ", ".join(name for name, has in abilities.items() if has) or "answers in words only"


def _costs(prices: "Prices | None") -> str:
    if prices is None:
        return "its price is not known: it counts as 0"
    return (
        f"a million tokens cost ${prices.read:,.2f} read, ${prices.cached:,.2f} from its cache, "
        f"${prices.written:,.2f} written"
    )


def _key(provider: "ProviderInfo") -> str:
    told = {"set": "key set", "missing": "no key", "unneeded": "needs no key"}[provider.key.value]
    return f"{told}: {clean(provider.advice)}" if provider.advice else told


def _limit(limit: "LimitSeen") -> str:
    from datetime import UTC, datetime

    most = "" if limit.most is None else f" of {limit.most:,}"
    until = ""
    if limit.resets_at is not None:
        until = datetime.fromtimestamp(limit.resets_at, UTC).strftime(", all again at %Y-%m-%d %H:%M:%S UTC")
    return f"{limit.left:,}{most} {limit.what} left when it was last asked{until}"


def _print_answers(answers: "Sequence[Answer]") -> None:
    from astrolabe.cli.output import mark

    for answer in answers:
        sign = "failed" if answer.error is not None or answer.missing else "passed"
        count = len(answer.models)
        told = f"{count} {'model' if count == 1 else 'models'}" if answer.error is None else str(answer.error)
        say(f"{mark(sign)} {clean(answer.provider):<12} {clean(told)}")
        if answer.error is not None and answer.error.hint:
            say(f"{'':<14} {clean(answer.error.hint)}")
        for name, likely in answer.missing:
            meant = f"; did you mean {', '.join(map(clean, likely))}?" if likely else ""
            say(f"{'':<14} has no model {clean(name)!r}{meant}")


def _document(view: "ModelView") -> dict[str, Any]:
    from dataclasses import asdict

    info = None if view.info is None else asdict(view.info)
    return {
        "name": view.name,
        "agents": list(view.agents),
        "info": info,
        "provider": None if view.provider is None else _provider_document(view.provider),
        "limits": [asdict(limit) for limit in view.limits],
        "fault": None
        if view.fault is None
        else {"code": view.fault.code, "message": str(view.fault), "hint": view.fault.hint},
    }


def _provider_document(provider: "ProviderInfo") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(provider) | {"key": provider.key.value}


def _answer_document(answer: "Answer") -> dict[str, Any]:
    error = answer.error
    return {
        "provider": answer.provider,
        "models": list(answer.models),
        "missing": [{"model": name, "likely": list(likely)} for name, likely in answer.missing],
        "error": None if error is None else {"code": error.code, "message": str(error), "hint": error.hint},
    }
