"""What goes wrong with a server of models, as sentences that say what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

ANSWER_BROKE_OFF = "stopped in the middle of the answer. What it wrote before is kept. Ask again"
PULL_BROKE_OFF = "stopped in the middle of the pull. What it has loaded is kept: pull again to go on"

_LONGEST_QUOTE = 300
_OUT_OF_MEMORY = re.compile(
    r"more system memory|out of memory|unable to allocate|runner process has terminated|exit status 2|signal: killed",
    re.IGNORECASE,
)
_NO_SUCH_MODEL = re.compile(r"file does not exist|model .*not found", re.IGNORECASE)
_NO_NETWORK = re.compile(
    r"dial tcp|lookup |no such host|i/o timeout|unreachable|connection re|\btls\b|\bEOF\b", re.IGNORECASE
)
_REFUSED_TIME = re.compile(r"\bduration\b", re.IGNORECASE)


@dataclass(slots=True)
class Exchange:
    """A request under way: the model it is about, whether that is being pulled, and what is to be said where it
    breaks off, empty until something came."""

    model: str = ""
    pulls: bool = False
    broke_off: str = ""


def absent(kind: str, address: str, error: BaseException, *, way_on: str) -> str:
    """Nothing answers where the server should be."""
    reason = ""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            reason = ": there is no host of that name"
        elif isinstance(cause, ssl.SSLError):
            reason = f": the connection cannot be made safe ({cause.reason})"
    return f"No {kind} answers at {address}{reason}. {way_on}"


def no_address(address: str, example: str) -> str:
    """What should be an address is none."""
    return f"'{address}' is not the address of a server. Write it like {example}."


def unreadable(kind: str, address: str, server: str, exchange: Exchange) -> str:
    """What came is not what such a server writes: another program from the start, or a damaged line later on."""
    if exchange.broke_off:
        return broke_off(server, exchange)
    return f"What answers at {address} is no {kind}. Choose another host or port."


def too_slow(server: str, exchange: Exchange) -> str:
    """The server took the request and nothing came, or nothing more, for as long as we wait."""
    if exchange.broke_off:
        return broke_off(server, exchange)
    return (
        f"{server} did not answer in time. It may still be loading the model: wait a minute and try again, "
        "or choose a smaller model."
    )


def broke_off(server: str, exchange: Exchange) -> str:
    """The connection was closed or reset, or a line was cut."""
    if exchange.broke_off:
        return f"{server} {exchange.broke_off}."
    return (
        f"{server} closed the connection before it answered. It may have been stopped, or have run out of memory: "
        "try again, or choose a smaller model."
    )


def refused(server: str, exchange: Exchange, status: int, words: str) -> str:
    """The server says what is wrong, with a status or in the middle of a stream."""
    quoted = quote(words, status)
    kept = f" It {exchange.broke_off}." if exchange.broke_off else ""
    if _OUT_OF_MEMORY.search(words):
        return (
            f"{server} has not enough memory for this model: {quoted}.{kept} Choose a smaller model or a smaller "
            "context window."
        )
    if _REFUSED_TIME.search(words) and status == HTTPStatus.BAD_REQUEST:
        return (
            f"{server} does not understand how long to keep the model: {quoted}. Write a time like 5m or 1h, 0 for "
            "not at all, or -1 for as long as it runs."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{server} failed: {quoted}. Try again, or choose another model; the server's log may say more."
    if exchange.broke_off:
        return f"{server} {exchange.broke_off}. It said: {quoted}."
    return f"{server} refused the request: {quoted}. Choose another model, or change what is asked of it."


def cannot_pull(server: str, name: str, status: int, words: str) -> str:
    """The server says why it cannot load a model from Ollama's library."""
    if _NO_SUCH_MODEL.search(words):
        return f"Ollama's library has no model '{name}'. Look up how it is called at ollama.com/library."
    quoted = quote(words, status)
    if _NO_NETWORK.search(words):
        return (
            f"{server} cannot reach Ollama's library to pull '{name}': {quoted}. Connect that machine to the "
            "internet and pull again; the models it has still work."
        )
    return f"{server} could not pull '{name}': {quoted}. Try again, or choose another model."


def quote(words: str, status: int) -> str:
    """The server's words, short and on one line; the status in words where it sent none, or a page of HTML."""
    line = " ".join(words.split()).rstrip(".")
    if line and not line.startswith("<"):
        return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}..."
    known = status in {known.value for known in HTTPStatus}
    return f"status {status} {HTTPStatus(status).phrase}" if known else f"status {status}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
