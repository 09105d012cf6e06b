"""`astrolabe models weights|get|remove|serve`: small models whose weights lie on this machine."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.terminal import clean, say, size

if TYPE_CHECKING:
    from astrolabe.ports.weights import Told, WeightsStatus

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of weights: astrolabe models weights.")]
_LOOK_SECONDS = 0.5
_KEPT = "What has arrived is kept: the same command goes on from there."


def weights(json: Json = False) -> None:
    """List the weights that can be fetched, and which of them are here."""
    from astrolabe.bootstrap import open_weights
    from astrolabe.settings import load_settings

    found = open_weights(load_settings()).status()
    if json:
        print_json({"weights": [_document(one) for one in found]})
        return
    for one in found:
        say(f"{one.weights.name}: {clean(one.weights.summary)} ({one.weights.licence})")
        say(f"  {_where(one)}")


def get(
    name: Name,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL|FILE",
            help="Take them from a mirror or a file instead of their public place.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Fetch the weights of a small model, going on where an earlier fetch ended; nothing but the pinned file is taken."""
    from astrolabe.bootstrap import open_weights
    from astrolabe.cli.session import InterruptedByPersonError
    from astrolabe.settings import load_settings

    shelf = open_weights(load_settings())
    try:
        with _shown(name, quiet=json) as told:
            path = shelf.get(name, source, told)
    except (KeyboardInterrupt, InterruptedByPersonError):
        raise InterruptedByPersonError(_KEPT) from None
    if json:
        print_json({"name": name, "file": str(path), "size_bytes": path.stat().st_size})
    else:
        say(f"{name} is here: {clean(str(path))}")


def remove(name: Name, json: Json = False) -> None:
    """Remove the weights of a small model, whole or not."""
    from astrolabe.bootstrap import open_weights
    from astrolabe.settings import load_settings

    freed = open_weights(load_settings()).remove(name)
    if json:
        print_json({"name": name, "freed_bytes": freed})
    else:
        say(f"{name} is gone ({size(freed)})" if freed else f"of {name} nothing was here")


def serve(
    name: Name,
    context: Annotated[
        int | None, typer.Option("--ctx", min=512, help="Tokens one request may hold, question and answer.")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", min=1, max=64, help="Requests answered side by side.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, max=1024, help="Threads that compute.")
    ] = None,
    json: Json = False,
) -> None:
    """Have a small model answer other programs on this machine, in OpenAI's protocol, until Ctrl-C."""
    import asyncio
    import signal

    from astrolabe.bootstrap import open_local_servers
    from astrolabe.settings import load_settings

    asked = {"context_tokens": context, "parallel": parallel, "threads": threads}
    changed = {option: value for option, value in asked.items() if value is not None}
    settings = load_settings()
    options = settings.local_models.model_copy(update=changed)
    servers = open_local_servers(settings.model_copy(update={"local_models": options}))

    async def hold() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        while not stop.is_set():
            async with servers.using(name, exactly=bool(changed)) as endpoint:
                _tell_endpoint(name, endpoint.url, endpoint.key, json=json)
                while not stop.is_set() and servers.runs(name):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
            if not stop.is_set():
                say(f"the server of {name} has ended; it is started again", err=True)

    asyncio.run(hold())


def _tell_endpoint(name: str, url: str, key: str, *, json: bool) -> None:
    if json:
        print_json({"name": name, "url": url, "key": key})
        return
    say(f"{name} answers at {url} (OpenAI's protocol); Ctrl-C ends this.")
    say(f"For other programs:\n  export OPENAI_BASE_URL={url}\n  export OPENAI_API_KEY={key}")


def _where(one: "WeightsStatus") -> str:
    whole = size(one.weights.size_bytes)
    if one.path:
        return f"here, {whole}: {clean(str(one.path))}"
    arrived = f", {size(one.arrived_bytes)} of it have arrived" if one.arrived_bytes else ""
    return f"not here, {whole}{arrived}: astrolabe models get {one.weights.name}"


def _document(one: "WeightsStatus") -> dict[str, object]:
    told = one.weights.model_dump(mode="json")
    return {**told, "path": str(one.path) if one.path else None, "arrived_bytes": one.arrived_bytes}


@contextmanager
def _shown(name: str, *, quiet: bool) -> "Generator[Told]":
    """Show how far a fetch is, on stderr, if that is a terminal that can move its cursor; else say that it begins."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal or console.is_dumb_terminal:
        yield _said_once(name, quiet=quiet)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _said_once(name: str, *, quiet: bool) -> "Callable[[int, int], None]":
    said: list[int] = []

    def told(done: int, total: int) -> None:
        if not quiet and not said:
            arrived = f", {size(done)} have arrived before" if done else ""
            say(f"fetching {name}: {size(total)}{arrived}", err=True)
        said[:] = [done]

    return told
