"""Proxies: which one the environment names for a server. None ever comes between this app and a local server."""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOCAL_NAMES = (".localhost", ".local")
_SYSTEM = "the system's settings"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and where it is set: an environment variable, or the system's settings."""

    address: str
    variable: str

    @property
    def called(self) -> str:
        """Its name in a sentence, without a password."""
        parts = urlsplit(self.address)
        return f"the proxy {parts.scheme}://{parts.netloc.rpartition('@')[2]} ({self.variable})"

    def advice(self, host: str) -> str:
        """What to do if it does not work."""
        return f"Add {host} to NO_PROXY, or correct {self.variable}"


def is_local(host: str) -> bool:
    """Whether the host is this machine or in its network: a loopback or private address, or a name without a dot."""
    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_NAMES)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return not (mapped or address).is_global


def proxy_for(url: str) -> Proxy | None:
    """The proxy for a URL, by the environment or the system; None for local servers and those in NO_PROXY."""
    parts = urlsplit(url)
    if is_local(parts.hostname or "") or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    known = urllib.request.getproxies()
    for name in (parts.scheme, "all"):
        if address := known.get(name):
            variables = [variable for variable in (f"{name}_proxy", f"{name.upper()}_PROXY") if variable in os.environ]
            return Proxy(address if "://" in address else f"http://{address}", next(iter(variables), _SYSTEM))
    return None
