"""Checks of the machine: memory, threads and device for computing, and the port and address of the app."""

from __future__ import annotations

import errno
import math
import os
import socket
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.cli.doctor.finding import Finding, in_gigabytes
from rag.errors import ExplorerError

_LITTLE_MEMORY = 2 * 10**9
"""The app with both embedding models and a collection of some thousand chunks."""
_KIBIBYTE = 1024
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of memory that this process may use, all of them and those not in use."""

    total: int
    available: int


def read_memory(meminfo: Path, cgroup: Path) -> Memory | None:
    """The memory of this machine, or of the container if it has a limit; None if the system does not report it.

    Args:
        meminfo: Linux's /proc/meminfo.
        cgroup: the folder of the container's limits: /sys/fs/cgroup.
    """
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text("ascii").splitlines())
        total, available = (int(lines[name].split()[0]) * _KIBIBYTE for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError, IndexError):
        return None
    limit, used = (_number_in(cgroup / name) for name in ("memory.max", "memory.current"))
    if limit is None or limit >= total:
        return Memory(total, available)
    return Memory(limit, min(available, max(limit - (used or 0), 0)))


def _number_in(path: Path) -> int | None:
    """The whole number in a file; None if the file is missing, or says "max"."""
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None


def check_memory(memory: Memory | None) -> Finding:
    """Whether there is enough memory for the models."""
    if memory is None:
        return Finding("memory", "ok", "This system does not report how much there is.")
    said = f"{in_gigabytes(memory.available)} of {in_gigabytes(memory.total)} are available."
    if memory.available < _LITTLE_MEMORY:
        remedy = (
            f"The app needs {in_gigabytes(_LITTLE_MEMORY)} with its own models: close other programs, or add memory."
        )
        return Finding("memory", "warning", said, remedy)
    return Finding("memory", "ok", said)


def read_processor_share(cgroup: Path) -> float | None:
    """The number of processors that a container may use, such as 1.5; None if there is no limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text("ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def check_computing(
    threads: int, share: float | None, device: Callable[[], str], precision: Callable[[], str]
) -> Finding:
    """With how many threads, where and in which number format embeddings are computed.

    Args:
        share: from `read_processor_share`.
        device, precision: raise ExplorerError if their setting is invalid here.
    """
    try:
        said = f"Embeddings are computed on {device()} in {precision()}, with {threads:,} CPU threads."
    except ExplorerError as error:
        return Finding("computing", "problem", str(error))
    if share is not None and threads > math.ceil(share):
        return Finding(
            "computing",
            "warning",
            f"{said} This container may use only {share:g} processors, so threads wait for one another.",
            f"Set OMP_NUM_THREADS={math.ceil(share)}.",
        )
    return Finding("computing", "ok", said)


@dataclass(frozen=True, slots=True)
class ServedAt:
    """Where Streamlit serves the app: address, port and path; an address of "" means every address of the machine."""

    address: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        host = "localhost" if self.address in _EVERYWHERE | {"127.0.0.1", "::1"} else self.address
        return f"http://{host}:{self.port}/{self.path}"


def served_at(environment: Mapping[str, str], files: list[Path]) -> ServedAt:
    """Where the app is served: Streamlit's variables, else the first of its settings files that says it.

    Raises:
        ExplorerError: a settings file is damaged, or the port is no number.
    """
    tables = [_server_table(path) for path in files]

    def setting(name: str, variable: str, default: str) -> str:
        given = environment.get(variable)
        return given if given is not None else next((str(one[name]) for one in tables if name in one), default)

    port = setting("port", "STREAMLIT_SERVER_PORT", "8501")
    if not port.isdecimal():
        raise ExplorerError(f"The port of the app is '{port}'. Set STREAMLIT_SERVER_PORT to a whole number.")
    address = setting("address", "STREAMLIT_SERVER_ADDRESS", "")
    path = setting("baseUrlPath", "STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    return ServedAt(address, int(port), path)


def _server_table(path: Path) -> Mapping[str, object]:
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("server", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ExplorerError(f"Streamlit's settings in '{path}' cannot be read: {error}. Correct the file.") from error
    return table if isinstance(table, dict) else {}


def check_port(where: Callable[[], ServedAt], answers: Callable[[str], bool]) -> Finding:
    """Whether the port of the app is free, or the app is already there.

    Args:
        where: raises ExplorerError.
        answers: whether Streamlit answers at this URL.
    """
    try:
        place = where()
    except ExplorerError as error:
        return Finding("address", "problem", str(error))
    if answers(place.url):
        return Finding("address", "ok", f"An app of Streamlit answers at {place.url}: open it in a browser.")
    if reason := _why_taken(place):
        return Finding(
            "address", "problem", f"{place.url} cannot be used: {reason}.", "Choose another: --server.port 8502"
        )
    return Finding("address", "ok", f"After the start, open {place.url} in a browser.")


def _why_taken(place: ServedAt) -> str:
    """Why a server cannot listen there; empty if it can."""
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.address, place.port))
        except OSError as error:
            return "another program uses the port" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        except OverflowError:
            return "ports are from 0 to 65535"
    return ""
