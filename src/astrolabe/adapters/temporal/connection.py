"""The way to a Temporal server."""

from temporalio.client import Client
from temporalio.service import RPCError

from astrolabe.adapters.temporal.place import Place
from astrolabe.errors import UnavailableError

_HINT = "Is the server up? One for this machine alone is started with: astrolabe temporal dev"


async def connected(place: Place) -> Client:
    """Return a client; raises UnavailableError when nothing answers there, or there is no such namespace."""
    try:
        return await Client.connect(place.address, namespace=place.namespace)
    except (RuntimeError, RPCError) as error:
        raise UnavailableError(
            f"Temporal at {place.address} cannot be reached: {error}", hint=_HINT
        ) from error


def unreachable(place: Place, error: RPCError) -> UnavailableError:
    """Return our error for a call that failed."""
    return UnavailableError(
        f"Temporal at {place.address} did not do what was asked: {error.message}", hint=_HINT
    )
