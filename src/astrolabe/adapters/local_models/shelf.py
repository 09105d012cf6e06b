"""The weights this machine has, in a folder that all its processes share."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from pydantic import TypeAdapter

from astrolabe.adapters.local_models.fetching import Place, alone, fetch, storage_faults
from astrolabe.adapters.local_models.sources import source_of
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import MissingError
from astrolabe.ports.weights import Told, Weights, WeightsStatus

_CATALOGUE = TypeAdapter(dict[str, Weights])
_STALL_SECONDS = 60.0


def shipped_catalogue() -> Mapping[str, Weights]:
    """Return the weights this version of Astrolabe knows."""
    text = resources.files("astrolabe.adapters.local_models").joinpath("weights.toml").read_text("utf-8")
    return _CATALOGUE.validate_python(
        {name: {"name": name, **entry} for name, entry in tomllib.loads(text).items()}
    )


class WeightsShelf:
    """Weights by name, in one folder of the cache."""

    def __init__(
        self,
        folder: Path,
        contacts: Contacts,
        catalogue: Mapping[str, Weights] | None = None,
        *,
        stall_seconds: float = _STALL_SECONDS,
    ) -> None:
        self._folder = folder
        self._contacts = contacts
        self._catalogue = shipped_catalogue() if catalogue is None else catalogue
        self._stall_seconds = stall_seconds

    def status(self) -> tuple[WeightsStatus, ...]:
        """Tell of each what of it is here."""
        places = [Place(self._folder, weights) for _, weights in sorted(self._catalogue.items())]
        return tuple(
            WeightsStatus(p.weights, p.whole if p.is_whole else None, p.arrived_bytes) for p in places
        )

    def path(self, name: str) -> Path:
        """Return where weights lie.

        Raises:
            MissingError: there are none of that name, or they have not been fetched.
        """
        place = self.place(name)
        if not place.is_whole:
            raise MissingError(
                f"the weights of {name} are not here", hint=f"Fetch them: astrolabe models get {name}"
            )
        return place.whole

    def place(self, name: str) -> Place:
        """Return where weights lie, or would; MissingError when there are none of that name."""
        if name not in self._catalogue:
            raise MissingError(
                f"there are no weights named {name!r}",
                hint=f"There are: {', '.join(sorted(self._catalogue))}.",
            )
        return Place(self._folder, self._catalogue[name])

    def get(self, name: str, source: str | None, told: Told) -> Path:
        """Fetch weights from their public place, or from `source`, a URL or a file; see `fetch` for what is raised."""
        place = self.place(name)
        return fetch(place, source_of(source or place.weights.url, self._contacts, self._stall_seconds), told)

    def remove(self, name: str) -> int:
        """Remove weights, whole or not; return how many bytes that freed.

        Raises:
            ConflictError: a process is fetching them.
            StorageError: the folder cannot be written.
        """
        place = self.place(name)
        if not self._folder.exists():
            return 0
        with alone(place), storage_faults(self._folder):
            found = [path for path in (place.whole, place.part) if path.exists()]
            freed = sum(path.stat().st_size for path in found)
            for path in found:
                path.unlink()
        return freed
