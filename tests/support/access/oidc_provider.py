"""A small OpenID Connect provider: it logs in whoever the test names, at once, and signs real tokens (RS256)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "explorer"


@dataclass
class OidcProvider:
    """The provider's address, and the e-mail address of the person that it logs in next.

    `groups` are in the token of whoever logs in; many of them make a long token, as in large companies.
    """

    address: str = ""
    person: str = ""
    groups: tuple[str, ...] = ()
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    logins: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By code, the person and the nonce of a login."""

    def metadata(self) -> dict[str, object]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }

    def redirect(self, query: dict[str, str]) -> str:
        """Where the browser goes after the login."""
        code = token_hex(8)
        self.logins[code] = (self.person, query.get("nonce", ""))
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def tokens(self, code: str) -> dict[str, object]:
        person, nonce = self.logins.pop(code)
        now = int(time.time())
        claims = {
            "iss": self.address, "sub": f"id of {person}", "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": nonce,
            "email": person, "email_verified": True, "groups": self.groups,
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return {"access_token": token_hex(32), "id_token": signed, "token_type": "Bearer", "expires_in": 600}


@contextmanager
def oidc_provider() -> Iterator[OidcProvider]:
    """The provider on a free port of this machine."""
    provider = OidcProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.redirect(query))
                self.end_headers()
                return
            keys = {"keys": [provider.key.as_dict(private=False)]}
            self._send({"/.well-known/openid-configuration": provider.metadata(), "/keys": keys}[parts.path])

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._send(provider.tokens(form["code"][0]))

        def _send(self, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
