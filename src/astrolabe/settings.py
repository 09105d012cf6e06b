"""Everything an operator may choose; the only reader of the environment and of the configuration file.

Flags win over the environment (`ASTROLABE_ENGINE__PARALLEL_TASKS=4`), which wins over the file (`engine: {parallel_tasks: 4}`).
The file is `$ASTROLABE_CONFIG`, else `config.yaml` in the configuration folder; never one in a workspace, so that nothing
an agent writes can change a setting.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from astrolabe.domain.policy import Policy
from astrolabe.engine.options import EngineOptions
from astrolabe.errors import Problem, SettingsError

PREFIX = "ASTROLABE_"


class Settings(BaseSettings):
    """Read once at an entry point and handed down in parts."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    home: Path | None = Field(
        default=None,
        description="One folder for state and caches; by default the system's two places for them.",
    )
    cache: Path | None = Field(
        default=None,
        description="The folder for toolchains and dependencies, when it is to be shared between homes.",
    )
    config: Path | None = Field(default=None, description="The configuration file.")
    engine: EngineOptions = Field(default=EngineOptions(), description="How plans are run.")
    sandbox: Policy = Field(default=Policy(), description="Limits of the sandbox. None of them turns it off.")

    @property
    def state_folder(self) -> Path:
        """The folder for the database, blobs and clones."""
        return (
            self.home / "state" if self.home else _system_folder("XDG_STATE_HOME", ".local/state", "/var/lib")
        )

    @property
    def cache_folder(self) -> Path:
        """The folder for toolchains and dependencies; safe to delete while nothing runs."""
        if self.cache is not None:
            return self.cache
        return self.home / "cache" if self.home else _system_folder("XDG_CACHE_HOME", ".cache", "/var/cache")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags over environment over file; no `.env` is read."""
        _ = dotenv_settings, file_secret_settings
        return init_settings, env_settings, InitSettingsSource(settings_cls, _file_values())


def load_settings(flags: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings in force.

    Raises:
        SettingsError: every setting that is wrong or unknown, with the variable or the key it came from.
    """
    try:
        settings = Settings(**(flags or {}))
    except ValidationError as error:
        problems = [Problem(_place(item["loc"]), item["msg"]) for item in error.errors()]
        raise SettingsError("the settings are not valid", [*problems, *_unknown_variables()]) from error
    except SourceError as error:
        raise SettingsError(
            f"the settings cannot be read: {error}", hint="A list is written as JSON: [1, 2]."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"the configuration file {config_file()} cannot be read: {error}") from error
    unknown = _unknown_variables()
    if unknown:
        raise SettingsError("the settings are not valid", unknown)
    return settings


def process_environment() -> Mapping[str, str]:
    """Return this process's environment, for the settings of pip and npm in it."""
    return dict(os.environ)


def config_file() -> Path:
    """Return where the configuration file is looked for; it need not exist."""
    named = os.environ.get(PREFIX + "CONFIG")
    if named:
        return Path(named)
    return _system_folder("XDG_CONFIG_HOME", ".config", "/etc") / "config.yaml"


def _file_values() -> dict[str, Any]:
    file = config_file()
    if not file.exists():
        return {}
    values: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(
        isinstance(key, str) for key in cast("dict[object, Any]", values)
    ):
        raise SettingsError(
            "the settings are not valid",
            [
                Problem(
                    str(file), "it holds no settings by name", "write lines like: engine: {parallel_tasks: 4}"
                )
            ],
        )
    return cast("dict[str, Any]", values)


def _system_folder(variable: str, below_home: str, for_root: str) -> Path:
    if os.geteuid() == 0:
        return Path(for_root) / "astrolabe"
    named = os.environ.get(variable)
    home = os.environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    return (Path(named) if named else Path(home) / below_home) / "astrolabe"


def _unknown_variables() -> list[Problem]:
    """A misspelt variable must not be ignored in silence."""
    known = set(Settings.model_fields)
    found = [name for name in os.environ if name.startswith(PREFIX)]
    wrong = [name for name in found if name.removeprefix(PREFIX).lower().split("__")[0] not in known]
    return [Problem(name, "no such setting", "see: astrolabe config show") for name in sorted(wrong)]


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)
