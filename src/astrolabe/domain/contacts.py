"""Whom Astrolabe itself may contact over a network: every part that would open a connection asks here first."""

import ipaddress
from dataclasses import dataclass

from astrolabe.errors import OfflineError


@dataclass(frozen=True)
class Contacts:
    """Offline, only this machine and the hosts that the settings name are contacted; else any."""

    offline: bool = False
    named: frozenset[str] = frozenset()

    def allow(self, host: str) -> bool:
        """Tell whether a host (a name or an address, without its port) may be contacted."""
        return not self.offline or host.lower() in self.named or is_this_machine(host)

    def require(self, purpose: str, host: str = "") -> None:
        """Return if a host may be contacted; one that nobody knows beforehand, such as a registry's, is no named one.

        Raises:
            OfflineError: it may not; `purpose` says in the message what was not done: `fetching Node`.
        """
        if not self.allow(host):
            raise OfflineError(
                f"{purpose} needs the network, and this installation is set to work offline",
                hint="Run it once without --offline (setting `offline`, variable ASTROLABE_OFFLINE): what is fetched is kept.",
            )


def is_this_machine(host: str) -> bool:
    """Tell whether a host is the loopback interface, by its address or the one name that always means it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
