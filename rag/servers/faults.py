"""Server faults: every failure of a model server as a sentence that says what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

ANSWER_BROKE_OFF = "stopped in the middle of the answer. The text so far is kept. Ask again"
PULL_BROKE_OFF = "stopped in the middle of the download. The part so far is kept: download again to continue"

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
    """A request in progress: its model, and whether it is a download (`pulls`).

    `broke_off` is empty until something was received; then it ends the message in case the stream breaks off.
    """

    model: str = ""
    pulls: bool = False
    broke_off: str = ""


def absent(kind: str, address: str, error: BaseException, *, way_on: str) -> str:
    """Message: no server answers at the address."""
    reason = ""
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            reason = ": no host has that name"
        elif isinstance(cause, ssl.SSLError):
            reason = f": the secure connection failed ({cause.reason})"
    return f"No {kind} answers at {address}{reason}. {way_on}"


def no_address(address: str, example: str) -> str:
    """Message: the text is not a server address."""
    return f"'{address}' is not the address of a server. Write it like {example}."


def unreadable(kind: str, address: str, server: str, exchange: Exchange) -> str:
    """Message: the reply is not from such a server (another program), or a later line is damaged."""
    if exchange.broke_off:
        return broke_off(server, exchange)
    return f"The program at {address} is not an {kind}. Choose another host or port."


def too_slow(server: str, exchange: Exchange) -> str:
    """Message: the server accepted the request, but sent nothing within the timeout."""
    if exchange.broke_off:
        return broke_off(server, exchange)
    return (
        f"{server} did not answer in time. It may still be loading the model: wait a minute and try again, "
        "or choose a smaller model."
    )


def no_answer(server: str, seconds: float, *, way_on: str) -> str:
    """Message: the server accepted a question about its state, but the reply was not complete in time."""
    return f"{server} does not answer: its reply was not complete after {seconds:g} seconds. {way_on}"


def misbehaved(server: str, exchange: Exchange, reason: str) -> str:
    """Message: the reply was refused; `reason` continues a sentence that begins with the server."""
    kept = f" It {exchange.broke_off}." if exchange.broke_off else ""
    return f"{server} {reason}.{kept}"


def broke_off(server: str, exchange: Exchange) -> str:
    """Message: the connection was closed or reset, or a line was incomplete."""
    if exchange.broke_off:
        return f"{server} {exchange.broke_off}."
    return (
        f"{server} closed the connection before it answered. It may have been stopped, or have run out of memory: "
        "try again, or choose a smaller model."
    )


def refused(server: str, exchange: Exchange, status: int, words: str) -> str:
    """Message: the server reports an error, by status or in the middle of a stream."""
    quoted = quote(words, status)
    kept = f" It {exchange.broke_off}." if exchange.broke_off else ""
    if _OUT_OF_MEMORY.search(words):
        return (
            f"{server} does not have enough memory for this model: {quoted}.{kept} Choose a smaller model or a smaller "
            "context window."
        )
    if _REFUSED_TIME.search(words) and status == HTTPStatus.BAD_REQUEST:
        return (
            f"{server} does not accept the time to keep the model loaded: {quoted}. Write a time like 5m or 1h, 0 for "
            "not at all, or -1 for as long as it runs."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{server} failed: {quoted}. Try again, or choose another model; the server's log may say more."
    if exchange.broke_off:
        return f"{server} {exchange.broke_off}. Its message: {quoted}."
    return f"{server} refused the request: {quoted}. Choose another model, or change the settings."


def cannot_pull(server: str, name: str, status: int, words: str) -> str:
    """Message: the server cannot download a model from Ollama's library, and why."""
    if _NO_SUCH_MODEL.search(words):
        return f"Ollama's library has no model '{name}'. Look up the name at ollama.com/library."
    quoted = quote(words, status)
    if _NO_NETWORK.search(words):
        return (
            f"{server} cannot reach Ollama's library to download '{name}': {quoted}. Connect that machine to the "
            "internet and download again; its installed models still work."
        )
    return f"{server} could not download '{name}': {quoted}. Try again, or choose another model."


def quote(words: str, status: int) -> str:
    """The server's message, shortened to one line; the status text if it sent none, or sent an HTML page."""
    line = " ".join(words.encode("utf-8", "replace").decode("utf-8").split()).rstrip(".")
    if line and not line.startswith("<"):
        return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}..."
    known = status in {each.value for each in HTTPStatus}
    return f"status {status} {HTTPStatus(status).phrase}" if known else f"status {status}"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what led to it, newest first."""
    while error:
        yield error
        error = error.__cause__ or error.__context__
