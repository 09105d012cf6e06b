"""The composition root: the only place that knows which adapter stands behind which port."""

import gc
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr
from ulid import ULID

from astrolabe import __version__
from astrolabe.adapters.git.clone import Identity, clone_folder
from astrolabe.adapters.git.command import Git
from astrolabe.adapters.git.hub import Hub
from astrolabe.adapters.git.shared import HubWorkspace
from astrolabe.adapters.git.workspace import GitWorkspace
from astrolabe.adapters.images.cache import ImageCache
from astrolabe.adapters.local_models.model import local_model
from astrolabe.adapters.local_models.serving import LocalServers
from astrolabe.adapters.local_models.shelf import WeightsShelf
from astrolabe.adapters.models.catalogue import Catalogue
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.adapters.search.web import GuardedWeb
from astrolabe.adapters.storage.blobs import Blobs, FileBlobs, ServerBlobs
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.adapters.storage.shelves import FileShelf, TableShelf
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.adapters.storage.tasks import SqlTaskJournal
from astrolabe.adapters.storage.upkeep import SqlUpkeep
from astrolabe.adapters.storage.wakeup import SocketWakeUps
from astrolabe.adapters.temporal.development import DevelopmentServer
from astrolabe.adapters.temporal.development import development_server as run_development_server
from astrolabe.adapters.temporal.place import Place
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.engine.admission import Admission
from astrolabe.engine.errand import Errands
from astrolabe.engine.faults import Reach, unharmed
from astrolabe.engine.local import LocalDriver
from astrolabe.engine.offering import offered
from astrolabe.engine.workshop import Limits, Workshop
from astrolabe.errors import StorageError, UnavailableError, without_extra
from astrolabe.memory.home import MemoryHome
from astrolabe.planning.proposed import Hand
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.embedding import Embedder
from astrolabe.ports.slots import Terms
from astrolabe.ports.store import Owner, RunRecord
from astrolabe.ports.wakeups import WakeUps
from astrolabe.sdk import Plugin
from astrolabe.services.agents import unheeded
from astrolabe.services.installation import BrokenPlugin, Clustered, Installation
from astrolabe.services.upkeep import Keeping
from astrolabe.settings import Settings, known_secrets, process_environment, user_skill_folders, variable
from astrolabe.skills.home import SkillHome

if TYPE_CHECKING:
    from astrolabe.adapters.redis.wakeups import RedisWakeUps
    from astrolabe.adapters.storage.postgresql import PostgresServer

PLUGINS = "astrolabe.plugins"


def unheard(_sentence: str) -> None:
    """Take a report that nobody reads."""


def spare_the_collector() -> None:
    """Take what is loaded by now, and stays, out of every later garbage collection of this process, and collect less often.

    A run holds many small values for long; looking for cycles among them is a tenth of what a task costs.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def real_determinism() -> Determinism:
    """Return the machine's clock and fresh ids."""
    return Determinism(now=time.time, monotonic=time.monotonic, new_id=lambda: str(ULID()))


@asynccontextmanager
async def open_installation(
    settings: Settings,
    *,
    plugins: Sequence[Plugin] = (),
    reach: Reach = unharmed,
    report: Callable[[str], None] = unheard,
) -> AsyncGenerator[Installation]:
    """Put an installation together; it is closed, with all it has open, when the context ends.

    `plugins` are used besides the installed ones; an agent of theirs takes the place of an installed one of its name.
    `report` is told in a sentence what a person should know and need not decide: a damaged clone that was set aside.

    Raises:
        StorageError: the state folder cannot be used.
    """
    determinism = real_determinism()
    owner = this_process(determinism.new_id())
    database, blobs, wakeups = _storage(settings, determinism, owner, report)
    processes = _processes(settings, database, owner, determinism)
    store = SqlStore(database, blobs, wakeups, processes, determinism)
    terms = Terms(settings.engine.limits, settings.engine.breaker)
    admission = Admission(store.slots, terms, owner, determinism.new_id, wakeups.wait)
    models = _catalogue(settings, determinism)
    database.open()
    try:
        wakeups.open()
        images, sandbox = _isolation(settings, determinism)
        skills, memory = _homes(settings, store, images)
        installed, broken = load_plugins()
        present = (*installed, *plugins)
        agents = {agent.name: agent for plugin in present for agent in plugin.agents}
        _tell_all(report, unheeded(terms.limits, agents))
        workshop = Workshop(
            store=store,
            owner=owner,
            sandbox=sandbox,
            images=images,
            agents=agents,
            determinism=determinism,
            woken=wakeups.wait,
            admission=admission,
            models=models,
            web=GuardedWeb(settings.search, settings.contacts),
            skills=skills,
            memory=memory,
            reach=reach,
            replanners=tuple(replanner for plugin in present for replanner in plugin.replanners),
            offered=_hands(present),
        )
        workshop = _limited(settings, workshop)
        yield Installation(
            store=store,
            sandbox=sandbox,
            images=images,
            workspace=_workspaces(settings.state_folder, determinism, report),
            driver=LocalDriver(workshop),
            clustered=_clustered(settings, workshop, database, wakeups, owner, report),
            agents=agents,
            plugins_of={agent.name: plugin.name for plugin in present for agent in plugin.agents},
            recipes=tuple(recipe for plugin in present for recipe in plugin.recipes),
            models=models,
            prompts=tuple(prompt for plugin in present for prompt in plugin.prompts),
            recipe_plugins=frozenset(plugin.name for plugin in present if plugin.recipes),
            broken_plugins=broken,
            determinism=determinism,
            owner=owner,
            policy=settings.sandbox,
            reachable=workshop.reachable,
            redactor=workshop.redactor,
            limits=workshop.limits,
            terms=terms,
            budget=settings.budget,
            state=settings.state_folder,
            cache=settings.cache_folder,
            skills=skills,
            memory=memory,
            redis=_redis(settings.redis_url, owner).probe if settings.redis_url else None,
        )
    finally:
        await _close(models, admission, processes, database, wakeups)


def _hands(present: Sequence[Plugin]) -> tuple[Hand, ...]:
    """Return the agents that models which plan may give tasks to."""
    return offered(
        {agent.name: agent for plugin in present for agent in plugin.agents},
        {agent.name: plugin.name for plugin in present for agent in plugin.agents},
        {plugin.name for plugin in present if plugin.recipes},
    )


def _processes(
    settings: Settings, database: Database, owner: Owner, determinism: Determinism
) -> SqlProcesses:
    """Return who is alive: on a server that several hosts share it is told by when they were last heard of."""
    lease = settings.engine.lease_seconds if settings.database_url else None
    return SqlProcesses(
        database, settings.state_folder / "processes", owner, determinism, lease_seconds=lease
    )


def _catalogue(settings: Settings, determinism: Determinism) -> Catalogue:
    """Return the models of the settings, those that this machine serves itself among them."""
    return Catalogue(
        settings.models,
        variable,
        settings.contacts,
        partial(local_model, open_local_servers(settings)),
        determinism=determinism,
        limits=settings.state_folder / "model-limits.json",
    )


def _isolation(settings: Settings, determinism: Determinism) -> tuple[ImageCache, NamespaceSandbox]:
    """Return images and the sandbox that shows them; each needs the other."""
    cache = settings.cache_folder
    images = ImageCache(
        cache / "images", lambda: sandbox, determinism, process_environment(), contacts=settings.contacts
    )
    sandbox = NamespaceSandbox(
        images.bubblewraps, cache / "sandbox", determinism, settings.egress, settings.contacts.allow
    )
    return images, sandbox


def _embedding(settings: Settings, images: ImageCache) -> Callable[[], Awaitable[Embedder | None]]:
    """Return what gives the model of meaning, the same each time; it is loaded when it is first asked for."""
    wanted, made = settings.skills.embedder, list[Embedder | None]()

    async def kept(name: str, fetch: bool) -> Path | None:
        return await images.folder(name, fetch=fetch)

    async def embedder() -> Embedder | None:
        if not made:
            made.append(None if wanted == "none" else await _embedder(wanted, kept))
        return made[0]

    return embedder


def _homes(settings: Settings, store: SqlStore, images: ImageCache) -> tuple[SkillHome, MemoryHome]:
    """Return where skills and memories come from; both are ranked by one model of meaning."""
    embedder = _embedding(settings, images)
    memory = MemoryHome(store, embedder, Redactor(known_secrets(settings)))
    return _skills(settings, store, embedder), memory


def _skills(
    settings: Settings, store: SqlStore, plain: Callable[[], Awaitable[Embedder | None]]
) -> SkillHome:
    """Return where skills come from; what ranks them by meaning is loaded when a task is to be matched."""
    made: list[Embedder | None] = []

    async def embedder() -> Embedder | None:
        if not made:
            found = await plain()
            made.append(None if found is None else _remembering(found, settings.cache_folder))
        return made[0]

    return SkillHome(store.skills, user_skill_folders(), embedder, settings.skills.enabled)


def _remembering(embedder: Embedder, cache: Path) -> Embedder:
    from astrolabe.adapters.embeddings.choice import remembering  # noqa: PLC0415 - an extra

    return remembering(embedder, cache / "embeddings")


async def _embedder(
    wanted: Literal["auto", "minilm", "wordllama"],
    kept: Callable[[str, bool], Awaitable[Path | None]],
) -> Embedder | None:
    """Return what ranks texts by meaning; None where its libraries are missing and it was not asked for by name."""
    try:
        from astrolabe.adapters.embeddings.choice import choose  # noqa: PLC0415 - an extra
    except ImportError as error:
        if wanted == "auto":
            return None
        raise UnavailableError(
            f"texts are to be ranked by {wanted}, whose libraries are not installed",
            hint=f"{without_extra('embeddings')}, or unset ASTROLABE_SKILLS__EMBEDDER.",
        ) from error
    return await choose(wanted, kept)


async def _close(
    models: Catalogue, admission: Admission, processes: SqlProcesses, database: Database, wakeups: WakeUps
) -> None:
    """Close all of them, the last named first, whatever one of them meets."""
    async with AsyncExitStack() as closing:
        closing.callback(wakeups.close)
        closing.push_async_callback(database.close)
        closing.push_async_callback(processes.close)
        closing.callback(admission.close)
        closing.push_async_callback(models.aclose)


def _tell_all(report: Callable[[str], None], sentences: Iterable[str]) -> None:
    for sentence in sentences:
        report(sentence)


def _limited(settings: Settings, workshop: Workshop) -> Workshop:
    """Return a workshop that keeps to what the operator has chosen."""
    engine = settings.engine
    return replace(
        workshop,
        policy=settings.sandbox,
        reachable=settings.reachable,
        redactor=Redactor(known_secrets(settings)),
        limits=Limits(engine.parallel_tasks, engine.parallel_commands or os.cpu_count() or 1),
        budget=settings.budget,
        reuse_evidence=engine.reuse_evidence,
        secrets_allowed_in=engine.secrets_allowed_in,
    )


def _workspaces(
    folder: Path, determinism: Determinism, report: Callable[[str], None]
) -> Callable[[Path], GitWorkspace]:
    """Return what opens the workspace of a target, whose clone lies below `folder`."""

    def workspace(target: Path) -> GitWorkspace:
        clone = clone_folder(folder, target)
        return GitWorkspace(clone, target, determinism, environment=process_environment(), report=report)

    return workspace


def open_upkeep(settings: Settings, report: Callable[[str], None] = unheard) -> Keeping:
    """Put together what looks after the database; nothing is opened yet, for it may be damaged."""
    determinism, folder = real_determinism(), settings.state_folder
    if settings.database_url is None:
        upkeep = SqlUpkeep(SqliteFile(folder / "astrolabe.db", report), FileShelf(folder / "blobs"), folder)
    else:
        server = _server(settings.database_url)
        upkeep = SqlUpkeep(server, TableShelf(server, folder / "blobs"), folder)
    return Keeping(upkeep, _workspaces(folder, determinism, report), determinism, folder)


def _server(url: SecretStr) -> "PostgresServer":
    try:
        from astrolabe.adapters.storage.postgresql import PostgresServer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise StorageError(
            "the database is set to a PostgreSQL server, whose client is not installed",
            hint=f"{without_extra('postgresql')}, or unset ASTROLABE_DATABASE_URL.",
        ) from error
    return PostgresServer(url.get_secret_value())


def _storage(
    settings: Settings, determinism: Determinism, owner: Owner, report: Callable[[str], None]
) -> tuple[Database, Blobs, WakeUps]:
    """Return what the state is kept in: one file and folders beside it, or a server that several hosts share."""
    folder = settings.state_folder
    if settings.database_url is None:
        sockets = SocketWakeUps(folder / "wake", owner.token)
        blobs = FileBlobs(folder / "blobs")
        blobs.tidy(determinism.now())
        return Database(SqliteFile(folder / "astrolabe.db", report)), blobs, sockets
    server = _server(settings.database_url)
    from astrolabe.adapters.storage.notification import ServerWakeUps  # noqa: PLC0415 - an extra

    database = Database(server)
    blobs = ServerBlobs(database, determinism)
    if settings.redis_url is None:
        return database, blobs, ServerWakeUps(server, owner.token)
    return database, blobs, _redis(settings.redis_url, owner)


def _redis(url: SecretStr, owner: Owner) -> "RedisWakeUps":
    try:
        from astrolabe.adapters.redis.wakeups import RedisWakeUps  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UnavailableError(
            "a Redis server is set, whose client is not installed",
            hint=f"{without_extra('redis')}, or unset ASTROLABE_REDIS_URL.",
        ) from error
    return RedisWakeUps(url.get_secret_value(), owner.token)


def _clustered(
    settings: Settings,
    workshop: Workshop,
    database: Database,
    wakeups: WakeUps,
    owner: Owner,
    report: Callable[[str], None],
) -> Clustered | None:
    """Return what it takes to work with the Temporal server of the settings, if they name one."""
    if settings.temporal_address is None:
        return None
    try:
        from astrolabe.adapters.temporal.cluster import TemporalCluster  # noqa: PLC0415 - an extra
        from astrolabe.adapters.temporal.worker import WorkerOptions, serve  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UnavailableError(
            "a Temporal server is set, whose client is not installed",
            hint=f"{without_extra('temporal')}, or unset ASTROLABE_TEMPORAL_ADDRESS.",
        ) from error
    host = _host(settings.state_folder, workshop.determinism)
    places = _Places(settings, workshop.determinism, host, report)
    journal = SqlTaskJournal(database, wakeups, workshop.determinism, f"worker-{owner.pid}@{host[-6:]}")
    errands = Errands(workshop, journal, places.shared, host)
    place = Place(settings.temporal_address, settings.temporal_namespace)
    options = WorkerOptions(__version__, settings.engine.drain_seconds, settings.engine.lease_seconds)
    return Clustered(
        cluster=TemporalCluster(place, settings.engine.lease_seconds),
        journal=journal,
        errands=errands,
        host=host,
        options=places.options,
        workspace=places.shared,
        serve=partial(serve, place, errands, journal, workshop.determinism, workshop.store.probe, options),
        woken=wakeups.wait,
        monotonic=workshop.determinism.monotonic,
    )


class _Places:
    """The workspaces of runs that several hosts work on."""

    def __init__(
        self, settings: Settings, determinism: Determinism, host: str, report: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._determinism = determinism
        self._host = host
        self._report = report
        self._hub = Hub(Git(process_environment()), settings.hub_address, process_environment())

    async def options(self, target: Path) -> dict[str, Any]:
        """Tell of a target what hosts that cannot see it have to know."""
        own = self._own(target, None)
        await own.start()
        who = await own.identity()
        return {
            "driver": "temporal",
            "host": self._host,
            "format": await own.object_format(),
            "who": {"name": who.name, "email": who.email},
        }

    async def shared(self, record: RunRecord) -> HubWorkspace:
        """Return a run's workspace on this host, ready."""
        options = record.options
        own = self._own(Path(record.target), Identity(**options["who"]))
        shared = HubWorkspace(own, self._hub, record.id, options["format"])
        await shared.prepare()
        return shared

    def _own(self, target: Path, identity: Identity | None) -> GitWorkspace:
        return GitWorkspace(
            clone_folder(self._settings.state_folder, target),
            target,
            self._determinism,
            identity=identity,
            environment=process_environment(),
            report=self._report,
        )


def _host(state: Path, determinism: Determinism) -> str:
    """Return the name of the machine whose folders this process sees: it is made once, and lies in the state folder."""
    file = state / "host"
    state.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        fresh = file.with_name(f".host-{determinism.new_id()}")
        fresh.write_text(determinism.new_id(), encoding="ascii")
        with suppress(FileExistsError):  # another process was faster
            file.hardlink_to(fresh)
        fresh.unlink()
    return file.read_text(encoding="ascii").strip()


def open_weights(settings: Settings) -> WeightsShelf:
    """Return the weights of small models that this machine has, or can fetch."""
    return WeightsShelf(settings.cache_folder / "models", settings.contacts)


def open_local_servers(settings: Settings) -> LocalServers:
    """Return what has small models answer on this machine."""
    return LocalServers(settings.state_folder / "models", open_weights(settings), settings.local_models)


def development_server(
    settings: Settings, port: int, file: Path | None
) -> AbstractAsyncContextManager[DevelopmentServer]:
    """Run a Temporal server for this machine; see `adapters/temporal/development.py`."""
    chosen = file or settings.state_folder / "temporal.db"
    return run_development_server(chosen, port, chosen.with_suffix(".log"))


def load_plugins() -> tuple[tuple[Plugin, ...], tuple[BrokenPlugin, ...]]:
    """Load every installed plugin; one that fails is listed with its reason instead."""
    loaded: list[Plugin] = []
    broken: list[BrokenPlugin] = []
    for entry in sorted(entry_points(group=PLUGINS), key=lambda entry: entry.name):
        plugin = _load(entry)
        if isinstance(plugin, Plugin):
            loaded.append(plugin)
        else:
            broken.append(plugin)
    return tuple(loaded), tuple(broken)


def _load(entry: EntryPoint) -> Plugin | BrokenPlugin:
    try:
        plugin = entry.load()
    except Exception as error:  # noqa: BLE001 - a plugin is foreign code; it is listed as broken, with this reason
        return BrokenPlugin(entry.name, f"{type(error).__name__}: {error}")
    if not isinstance(plugin, Plugin):
        return BrokenPlugin(entry.name, f"{entry.value} is no astrolabe.sdk.Plugin")
    return plugin
