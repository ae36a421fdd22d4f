"""A local HTTP server that speaks as much of Ollama's API as a test scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHAT_MODEL = {"name": "scripted:latest", "model": "scripted:latest", "size": 1, "details": {"family": "llama"}}
HEALTHY: Mapping[str, tuple[int, object]] = {
    "/api/tags": (200, {"models": [CHAT_MODEL]}),
    "/api/show": (200, {"model_info": {"llama.context_length": 4096}}),
}


@contextmanager
def scripted_ollama(answers: Mapping[str, tuple[int, object]]) -> Iterator[str]:
    """The address of a server that gives each path its status and JSON body; 404 for every other path."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers.get(self.path, (404, {"error": "not found"}))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = respond

        def log_message(self, *arguments: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
