"""Everything an operator may choose; the only reader of the environment and of the configuration file.

The environment (`ASTROLABE_ENGINE__PARALLEL_TASKS=4`) wins over the file (`engine: {parallel_tasks: 4}`). The file is
`$ASTROLABE_CONFIG`, else `config.yaml` in the configuration folder; never one in a workspace, so that nothing an agent
writes can change a setting.
"""

import codecs
import os
import pwd
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from astrolabe.adapters.local_models.options import LocalModelOptions
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.adapters.search.options import SearchOptions
from astrolabe.domain.budget import TenantBudget
from astrolabe.domain.contacts import Contacts
from astrolabe.domain.egress import EgressOptions
from astrolabe.domain.policy import Policy
from astrolabe.engine.options import EngineOptions
from astrolabe.errors import Problem, SettingsError
from astrolabe.planning.places.json_nodes import read_json
from astrolabe.planning.places.node import Entries, Fault, Items, Mark, Node, Scalar, UnreadableError
from astrolabe.planning.places.reading import Document, read_document
from astrolabe.planning.places.validation import held_against, problems
from astrolabe.services.files import content_of, find_file
from astrolabe.skills.options import SkillOptions

PREFIX = "ASTROLABE_"
_FILE = PREFIX + "CONFIG"
_FOLDERS = ("home", "cache")
_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)\Z", re.IGNORECASE)
_SECRET_CHARACTERS = 8


def _absolute(folder: Path) -> Path:
    if not folder.is_absolute():
        raise ValueError("is no absolute path: it would be another folder wherever a command is typed")
    return folder


Folder = Annotated[Path, AfterValidator(_absolute)]


def _of_postgresql(url: SecretStr) -> SecretStr:
    scheme, _, rest = url.get_secret_value().partition("://")
    if scheme not in {"postgresql", "postgres"} or not rest.partition("?")[0].partition("/")[2]:
        raise ValueError(
            "names no database of PostgreSQL's: it is written as postgresql://user:password@host/database"
        )
    return SecretStr(f"postgresql://{rest}")


def _of_redis(url: SecretStr) -> SecretStr:
    scheme, _, rest = url.get_secret_value().partition("://")
    if scheme not in {"redis", "rediss", "unix"} or not rest:
        raise ValueError("names no Redis server: it is written as redis://user:password@host:6379/0")
    return url


RedisUrl = Annotated[SecretStr, AfterValidator(_of_redis)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_of_postgresql)]


def _of_hub(hub: SecretStr) -> SecretStr:
    told = hub.get_secret_value()
    remote = "://" in told or ("@" in told.partition("/")[0] and ":" in told)
    if told.startswith("-") or "::" in told or not (told.startswith("/") or remote):
        raise ValueError("is neither an absolute path nor the address of a git repository")
    return hub


HubAddress = Annotated[SecretStr, AfterValidator(_of_hub)]


class Settings(BaseModel):
    """Read once at an entry point and handed down in parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Folder | None = Field(
        default=None,
        description="One folder for state and caches; by default the system's two places for them.",
    )
    cache: Folder | None = Field(
        default=None,
        description="The folder for toolchains and dependencies, when it is to be shared between homes.",
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="A PostgreSQL database that several hosts share; by default a file in the state folder.",
    )
    temporal_address: str | None = Field(
        default=None,
        min_length=1,
        description="host:port of a Temporal server that drives runs on many hosts; by default they are driven here.",
    )
    temporal_namespace: str = Field(
        default="default", min_length=1, description="The namespace of the Temporal server that is ours."
    )
    hub: HubAddress | None = Field(
        default=None,
        description="The git repository through which hosts share their work; by default a folder on this one.",
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        description="A Redis server for waking processes of other hosts; by default the database's server does that.",
    )
    offline: bool = Field(
        default=False,
        description="Contact nothing but this machine and the servers that these settings name; fetch nothing.",
    )
    local_models: LocalModelOptions = Field(
        default=LocalModelOptions(), description="How small models are served on this machine."
    )
    engine: EngineOptions = Field(default=EngineOptions(), description="How plans are run.")
    budget: TenantBudget = Field(
        default=TenantBudget(), description="What all runs together may spend in a period."
    )
    models: ModelOptions = Field(
        default=ModelOptions(), description="Which language models are used, and where they are."
    )
    skills: SkillOptions = Field(default=SkillOptions(), description="How skills are used.")
    search: SearchOptions = Field(default=SearchOptions(), description="Whom searches of the web go to.")
    egress: EgressOptions = Field(
        default=EgressOptions(), description="What sandboxes may reach where a policy names it."
    )
    sandbox: Policy = Field(default=Policy(), description="Limits of the sandbox. None of them turns it off.")

    @property
    def reachable(self) -> frozenset[str]:
        """What plans may name for their sandboxes to reach: what the operator lets every sandbox reach, and any more."""
        return frozenset((*self.egress.hosts, *self.sandbox.network))

    @property
    def state_folder(self) -> Path:
        """The folder for the database, blobs and clones."""
        return (
            self.home / "state" if self.home else _system_folder("XDG_STATE_HOME", ".local/state", "/var/lib")
        )

    @property
    def contacts(self) -> Contacts:
        """Whom Astrolabe may contact: offline, only servers that are named here."""
        secrets = (self.database_url, self.redis_url, self.hub)
        addresses = [one.get_secret_value() for one in secrets if one]
        if self.temporal_address:
            addresses.append(f"//{self.temporal_address}")
        addresses += [provider.base_url or "" for provider in self.models.providers.values()]
        addresses.append(self.search.base_url or "")
        return Contacts(self.offline, frozenset(filter(None, map(_host, addresses))))

    @property
    def hub_address(self) -> str:
        """Where hosts share their work."""
        return str(self.state_folder / "hub.git") if self.hub is None else self.hub.get_secret_value()

    @property
    def cache_folder(self) -> Path:
        """The folder for toolchains and dependencies; safe to delete while nothing runs."""
        if self.cache is not None:
            return self.cache
        return self.home / "cache" if self.home else _system_folder("XDG_CACHE_HOME", ".cache", "/var/cache")


def _host(address: str) -> str:
    """Return the host of a URL or of git's `user@host:path`; nothing for a path."""
    remote = address if "//" in address else f"//{address.partition(':')[0]}" if ":" in address else ""
    return (urlsplit(remote).hostname or "").lower()


def load_settings() -> Settings:
    """Return the settings in force.

    Raises:
        SettingsError: every setting that is wrong or unknown, with the variable, or the file and line, it came from.
    """
    file, variables = _read_file(), _read_variables()
    found = [*_problems_of_file(file), *_problems_of_variables(variables)]
    if found:
        raise SettingsError("the settings are not valid", found)
    settings = Settings.model_validate(_merged(file.value() if file else {}, variables.value()))
    if between := settings.models.problems():
        raise SettingsError("the settings are not valid", between)
    return settings


@contextmanager
def as_if_set(name: str, value: str) -> Generator[None]:
    """Have a setting of the first level while the context lasts, whatever else says: a flag wins over all."""
    variable = PREFIX + name.upper()
    before = os.environ.get(variable)
    os.environ[variable] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


def variable(name: str) -> str:
    """Return a variable of this process's environment, for a key that the settings name; "" where it is not set."""
    return os.environ.get(name, "")


def process_environment() -> Mapping[str, str]:
    """Return this process's environment, for the settings of pip and npm in it."""
    return dict(os.environ)


def known_secrets(settings: Settings) -> tuple[str, ...]:
    """Return the values that must never be shown: secret settings, and variables that settings name or that are called secret."""
    told = [secret.get_secret_value() for secret in _secrets_in(settings)]
    told += [
        os.environ.get(provider.key_variable or "", "") for provider in settings.models.providers.values()
    ]
    passwords = [password for password in map(_password_in, told) if password]
    return (*told, *passwords, *(value for name, value in os.environ.items() if _is_secret(name, value)))


def _password_in(address: str) -> str:
    """Return the password of an address; what is no address has none."""
    try:
        return unquote(urlsplit(address).password or "")
    except ValueError:
        return ""


def _secrets_in(value: object) -> Iterable[SecretStr]:
    if isinstance(value, SecretStr):
        yield value
    parts: Iterable[object] = ()
    if isinstance(value, BaseModel):
        parts = (getattr(value, name) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        parts = cast("Mapping[object, object]", value).values()
    elif isinstance(value, tuple | list):
        parts = cast("Iterable[object]", value)
    for part in parts:
        yield from _secrets_in(part)


def _is_secret(name: str, value: str) -> bool:
    """Tell whether a variable holds a secret; a path, a number or a word is none, whatever it is called."""
    return (
        _SECRET_NAME.search(name) is not None
        and len(value) >= _SECRET_CHARACTERS
        and not value.startswith(("/", "~"))
        and not value.isalpha()
        and not value.isdigit()
    )


def config_file() -> Path:
    """Return where the configuration file is looked for; unless a variable names it, it need not exist."""
    named = os.environ.get(_FILE)
    if named:
        return Path(named)
    return _system_folder("XDG_CONFIG_HOME", ".config", "/etc") / "config.yaml"


def user_skill_folders() -> tuple[Path, ...]:
    """Return where a person keeps skills of their own: those of this program first, then those that programs share."""
    return (
        _system_folder("XDG_CONFIG_HOME", ".config", "/etc") / "skills",
        _home() / ".agents" / "skills",
    )


def _system_folder(variable: str, below_home: str, for_root: str) -> Path:
    if os.geteuid() == 0:
        return Path(for_root) / "astrolabe"
    named = os.environ.get(variable, "")
    if named.startswith("/"):  # the XDG specification: relative paths are to be ignored
        return Path(named) / "astrolabe"
    return _home() / below_home / "astrolabe"


def _home() -> Path:
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    out = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], dict) and isinstance(above[name], dict):
            out[name] = _merged(below[name], above[name])
    return out


# the file


def _read_file() -> Document | None:
    place = str(config_file())
    hint = f"Correct {_FILE}, or unset it." if os.environ.get(_FILE) else ""
    file = find_file(place, SettingsError, hint)
    if file is None:
        if os.environ.get(_FILE):
            raise SettingsError(f"there is no configuration file {place}", hint=hint)
        return None
    content = content_of(file, SettingsError)
    lines = (line.strip() for line in content.removeprefix(codecs.BOM_UTF8).splitlines())
    if all(not line or line.startswith(b"#") for line in lines):
        return None
    document = read_document(content, place, SettingsError)
    _expand(document.root, Path())
    return document


def _problems_of_file(document: Document | None) -> Iterable[Problem]:
    return problems(document, held_against(document, Settings)[1]) if document else ()


def _expand(root: Node, base: Path) -> None:
    """Write the folders at the top of a document out in full."""
    for name in _FOLDERS:
        node = root.nodes.get(name) if isinstance(root, Entries) else None
        if isinstance(node, Scalar) and isinstance(node.value, str):
            node.value = str(base / _expanded(Path(node.value)))


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # removed meanwhile: only absolute paths lead anywhere
        return Path()


def _expanded(folder: Path) -> Path:
    try:
        return folder.expanduser()
    except RuntimeError:  # no such user: the folder is judged as it stands
        return folder


# the variables: a document that has one of them on every line


def _read_variables() -> Document:
    """Return the variables as a document; an empty one is as good as none."""
    root = Entries((1, 1))
    faults: list[Fault] = []
    for line, name in enumerate(_variables(), start=1):
        _plant(root, _path(name), _node(os.environ[name], (line, 1), faults))
    _expand(root, _here())
    return Document("environment", root, tuple(faults))


def _variables() -> list[str]:
    return sorted(
        name for name in os.environ if name.startswith(PREFIX) and name != _FILE and os.environ[name]
    )


def _path(name: str) -> list[str]:
    return name.removeprefix(PREFIX).lower().split("__")


def _node(text: str, mark: Mark, faults: list[Fault]) -> Node:
    """Return what a variable says: a list in JSON, else a text that pydantic makes a number of where one is wanted."""
    if text.startswith("["):
        try:
            return _at(mark, read_json(text)[0])
        except UnreadableError as unreadable:
            faults.append(Fault(mark, unreadable.fault.text, "write a list as JSON: [1, 2]"))
    return Scalar(mark, text, text, quoted=True)


def _at(mark: Mark, node: Node) -> Node:
    """Move a list to the line of its variable."""
    node.mark = mark
    for inner in node.nodes if isinstance(node, Items) else ():
        inner.mark = mark
    return node


def _plant(root: Entries, path: list[str], node: Node) -> None:
    """Put a value at its path; what lies below a single value is left out, for that value is wrong already."""
    for step in path[:-1]:
        root.keys.setdefault(step, node.mark)
        inner = root.nodes.setdefault(step, Entries(node.mark))
        if not isinstance(inner, Entries):
            return
        root = inner
    root.nodes[path[-1]], root.keys[path[-1]] = node, node.mark


def _problems_of_variables(document: Document) -> list[Problem]:
    names, faults = _variables(), held_against(document, Settings)[1]
    misspelt = [name for name in os.environ if name.upper().startswith(PREFIX) and name != name.upper()]
    return [
        *(Problem(name, "variables are written in capitals", f"write {name.upper()}") for name in misspelt),
        *(
            Problem(names[fault.mark[0] - 1], fault.text, fault.hint)
            for fault in sorted(faults, key=lambda fault: fault.mark)
        ),
    ]
