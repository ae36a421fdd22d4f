"""Proxies of the environment: never between the app and a local server, and named where they are the reason."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rag import config
from rag.errors import ModelError
from rag.servers.ollama import OllamaServer
from rag.servers.openai_compatible import OpenAIServer
from rag.servers.proxies import is_local, proxy_for
from rag.servers.types import Message
from tests.support.scripted_ollama import HEALTHY, scripted_ollama, streamed
from tests.support.servers.ollama_requests import ask, text_of
from tests.support.servers.raw_server import PAGE, plain, raw_server

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
REMOTE = "http://model.example.org:8080"
QUESTION = [Message("user", "Hello")]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
        ("10.1.2.3", True), ("192.168.1.20", True), ("172.16.0.1", True), ("172.32.0.1", False), ("169.254.1.1", True),
        ("100.64.0.7", True), ("fd00::1", True), ("fe80::1%eth0", True), ("::ffff:192.168.1.2", True),
        ("0.0.0.0", True), ("gpubox", True), ("gpubox.", True), ("app.localhost", True), ("gpubox.local", True),
        ("example.org", False), ("8.8.8.8", False), ("2606:4700::1111", False), ("10.1.2.3.example.org", False),
    ],
)  # fmt: skip
def test_which_hosts_are_local(host, local):
    assert is_local(host) == local


@pytest.mark.parametrize(
    "environment",
    [
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"},
        {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "example.org"},
        {"ALL_PROXY": "nonsense://x:y"},
        {"NO_PROXY": "[:::"},
    ],
)
def test_a_local_server_is_asked_directly(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    listed = {"object": "list", "data": [{"id": "a", "object": "model"}]}
    answers = {**HEALTHY, "/v1/models": (200, listed), "/api/chat": streamed("On the water.")}
    with scripted_ollama(answers) as address:
        assert [model.name for model in OllamaServer(address).models()] == ["scripted:latest"]
        assert OpenAIServer(address).models() == ["a"]
        assert text_of(ask(address)) == "On the water."


def test_no_proxy_and_no_address_prevent_the_import_of_the_library():
    environment = {**os.environ, "ALL_PROXY": "socks5://127.0.0.1:9", "OLLAMA_HOST": "127.0.0.1:many"}
    code = (
        "import os; from rag.servers.ollama_library import ollama; "
        "print(ollama.AsyncClient, os.environ['OLLAMA_HOST'], os.environ.get('no_proxy'))"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, cwd=config.ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split()[-2:] == ["127.0.0.1:many", "None"]


def test_the_proxy_is_the_one_of_the_scheme_unless_the_host_is_excepted(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "proxy:3128")
    monkeypatch.setenv("ALL_PROXY", "http://user:word@all:1")
    monkeypatch.setenv("NO_PROXY", "example.com, inner.example.org:8080")
    assert proxy_for(REMOTE).address == "http://proxy:3128"
    assert proxy_for("https://example.org/v1").called == "the proxy http://all:1 (ALL_PROXY)"
    assert proxy_for("http://api.example.com/v1") is None
    assert proxy_for("http://inner.example.org:8080/v1") is None
    assert proxy_for("http://10.0.0.1") is None


CALLS = {
    "ollama": lambda: OllamaServer(REMOTE).models(),
    "openai": lambda: OpenAIServer(REMOTE).models(),
    "chat": lambda: list(OpenAIServer(REMOTE).chat("m", QUESTION, max_tokens=8)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("variable", "proxy", "sentence"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9", "(ALL_PROXY), and SOCKS needs the package socksio"),
        ("HTTP_PROXY", "http://127.0.0.1:9", "the proxy http://127.0.0.1:9 (HTTP_PROXY) does not answer"),
        ("HTTP_PROXY", "nonsense://127.0.0.1:9", "(HTTP_PROXY), which is not the address of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(monkeypatch, call, variable, proxy, sentence):
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(ModelError) as caught:
        CALLS[call]()
    assert f"at {REMOTE}" in str(caught.value)
    assert sentence in str(caught.value)
    assert f"Add model.example.org to NO_PROXY, or correct {variable}." in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("407 Proxy Authentication Required", "answered in its place (status 407 Proxy Authentication Required)"),
        ("502 Bad Gateway", "answered in its place (status 502 Bad Gateway)"),
        ("503 Service Unavailable", "answered in its place (status 503 Service Unavailable)"),
        ("200 OK", "answered with a web page. It came through"),
    ],
)
def test_a_proxy_that_answers_in_the_place_of_the_server_is_named(monkeypatch, call, status, sentence):
    with raw_server(plain(PAGE, status, "text/html")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address.replace("http://", "http://user:password@"))
        with pytest.raises(ModelError) as caught:
            CALLS[call]()
    assert sentence in str(caught.value)
    assert f"the proxy {proxy.address} (HTTP_PROXY)" in str(caught.value)
    assert "password" not in str(caught.value)


def test_a_proxy_that_refuses_a_tunnel_is_named(monkeypatch):
    with raw_server(plain(b"", "403 Forbidden", "text/html")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        with pytest.raises(ModelError, match=r"answered in its place \(403 Forbidden\)"):
            OpenAIServer("https://api.example.org/v1").models()
