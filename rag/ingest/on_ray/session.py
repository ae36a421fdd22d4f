"""A Ray session: a local Ray of this process alone, or a connection to the cluster at RAY_ADDRESS.

A local Ray sends no usage reports, listens on the loopback address only, asks for a secret token that no other user can
read, and keeps its files in a temporary folder, which is removed at the end. A process that is killed cannot remove its
folder; the next session does.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from rag import config
from rag.errors import ExplorerError

RAY = "ray[data]==2.60.0"
_ADDRESS = "RAY_ADDRESS"
_FOLDER = "explorer-ray-"
_PARENT = Path("/tmp") if os.name == "posix" else Path(tempfile.gettempdir())
"""Not a user's own temporary folder, whose path may be long: that of a socket may have about 100 characters."""
_STORE_BYTES = 1024**3
"""Shared memory for what workers send; Ray writes to its folder what is more."""
_CONNECT_SECONDS = 10.0
_REMOVE_SECONDS, _RETRY_SECONDS = 10.0, 0.1
_FAILURES = (OSError, RuntimeError, ValueError, ImportError)
"""What Ray raises when it cannot start or connect, next to its own errors."""
_TO_WORKERS = ("EXPLORER_PRECISION", "EXPLORER_OCR", "EXPLORER_VECTOR_CACHE_MB")
"""Settings that the workers of a cluster get from this process; locally, they have its whole environment."""


@contextmanager
def ray_session(n_workers: int | None = None) -> Iterator[int]:
    """Start or reach Ray; gives the number of workers: `n_workers`, by default one for each core that Ray has.

    Raises:
        ExplorerError: Ray is not installed, cannot be started, or does not answer at RAY_ADDRESS.
    """
    if importlib.util.find_spec("ray") is None:
        raise ExplorerError(
            f"'--on ray' needs the package ray, which is not installed. Install it with: pip install '{RAY}'. Without "
            "'--on ray', files are added by this process."
        )
    address = os.environ.get(_ADDRESS, "").strip()
    if address and address != "local":
        with _cluster(address) as n_cores:
            yield n_workers or n_cores
        return
    n_local = n_workers or config.cpu_threads()
    with _local(n_local):
        yield n_local


@contextmanager
def _local(n_workers: int) -> Iterator[None]:
    _remove_left_folders()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=_PARENT))
    try:
        with _environment(_local_settings(folder)), _session(folder, n_workers):
            yield
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove the folder; a process of Ray that is just ending may write into it once more."""
    deadline = time.monotonic() + _REMOVE_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(_RETRY_SECONDS)


def _local_settings(folder: Path) -> dict[str, str]:
    """Environment variables of Ray and its processes; writes the token and makes the folder for temporary files."""
    token, scratch = folder / "token", folder / "tmp"
    token.touch(mode=0o600)
    token.write_text(_token(), "ascii")
    scratch.mkdir()
    modules = [str(config.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **_quiet(),
        # Also on Linux, Ray uses the loopback address if it is told that there are no other machines.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # The workers have the priority of a single process; Ray would give them a low one.
        "RAY_worker_niceness": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join(modules),
    }


def _quiet() -> dict[str, str]:
    """No usage reports, and none of the messages for people who operate a cluster: the outcomes say what happened."""
    return {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_BACKEND_LOG_LEVEL": "fatal",
        "RAY_SCHEDULER_EVENTS": "0",
        # Ray would print on standard output that a worker ended; every line of such a message matches this.
        "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    }


@cache
def _token() -> str:
    """The token of this process; Ray reads it once and keeps it."""
    return secrets.token_hex(32)


@contextmanager
def _session(folder: Path, n_workers: int) -> Iterator[None]:
    import ray
    from ray.exceptions import RayError

    handlers = _signal_handlers()
    try:
        try:
            with _without_native_messages():
                ray.init(
                    "local",
                    num_cpus=n_workers,
                    include_dashboard=False,
                    object_store_memory=_STORE_BYTES,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    _temp_dir=str(folder),
                    _node_ip_address="127.0.0.1",
                )
        except (RayError, *_FAILURES) as error:
            raise ExplorerError(
                f"Ray could not be started on this machine: {_first_sentence(error)}. Try again when it is less busy, "
                "or add the files without '--on ray'."
            ) from error
        yield
    finally:
        ray.shutdown()
        _restore(handlers)


@contextmanager
def _cluster(address: str) -> Iterator[int]:
    """A connection to a running cluster; gives the number of its cores."""
    # One attempt, of about a minute, to talk to what listens there.
    with _environment({**_quiet(), "RAY_gcs_server_port_wait_time_s": "1"}):
        import ray
        from ray.exceptions import RayError

        _require_answer(address)
        handlers = _signal_handlers()
        settings = {name: os.environ[name] for name in _TO_WORKERS if name in os.environ}
        package = {"py_modules": [str(config.ROOT / "rag")], "env_vars": settings}
        try:
            try:
                with _without_native_messages():
                    ray.init(address, log_to_driver=False, logging_level=logging.ERROR, runtime_env=package)
            except (RayError, *_FAILURES) as error:
                raise _not_reached(address, _first_sentence(error)) from error
            yield max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]
        finally:
            ray.shutdown()
            _restore(handlers)


def _require_answer(address: str) -> None:
    """Raise ExplorerError if nothing listens there: Ray itself would try for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        raise _not_reached(address, "it is not of the form host:port")
    used = _address_of(host.strip("[]"))
    try:
        socket.create_connection((used, int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        where = "" if used == host else f"Ray looks for it at {used}: "
        raise _not_reached(address, where + (getattr(error, "strerror", None) or str(error))) from error


def _address_of(host: str) -> str:
    """The host that Ray connects to: for the loopback address this machine's own, which other machines reach."""
    if host not in ("localhost", "127.0.0.1", "::1"):
        return host
    from ray.util import get_node_ip_address

    return str(get_node_ip_address())  # type: ignore[no-untyped-call]


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(". ")[0].rstrip(".")


def _not_reached(address: str, reason: str) -> ExplorerError:
    return ExplorerError(
        f"No Ray cluster could be used at RAY_ADDRESS='{address}': {reason.rstrip('.')}. Start the cluster, correct "
        "the address, or unset RAY_ADDRESS to use this machine alone."
    )


@contextmanager
def _without_native_messages() -> Iterator[None]:
    """Nothing is written to stderr meanwhile: Ray's library says there which level of messages was set.

    What goes wrong is raised as an exception.
    """
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set these environment variables, which Ray's processes inherit, and set them back at the end."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _signal_handlers() -> dict[int, object]:
    """The handler of SIGTERM, which Ray replaces; only the main thread may set it."""
    is_main = threading.current_thread() is threading.main_thread()
    return {signal.SIGTERM: signal.getsignal(signal.SIGTERM)} if is_main else {}


def _restore(handlers: Mapping[int, object]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)  # type: ignore[arg-type]


def _remove_left_folders() -> None:
    """Remove the folders of sessions whose process was killed; those of other users cannot be removed."""
    for folder in _PARENT.glob(f"{_FOLDER}*-*"):
        number = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if number.isdecimal() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(process, 0)
        except PermissionError:
            return True
        return True
    return False
