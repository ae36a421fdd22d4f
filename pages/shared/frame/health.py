"""The reply to /healthz: whether the data folder can be read. It needs no login, and tells nothing of the contents."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse

from rag import config
from rag.store.data_folder import why_unreadable


def healthz(request: Request) -> JSONResponse:
    """Status 200 with {status, version}, or 503 with a reason if the data folder cannot be read."""
    said = {"status": "ok", "version": config.version()}
    if not why_unreadable(config.data_dir()):
        return JSONResponse(said)
    reason = "The data folder cannot be read. The command `doctor`, run on the server, says why."
    return JSONResponse({**said, "status": "unavailable", "reason": reason}, HTTPStatus.SERVICE_UNAVAILABLE)
