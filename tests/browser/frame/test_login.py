"""Two persons log in at one address: neither sees the other's conversations, and logging out locks all their tabs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag import config
from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.browser.app_server import free_port, new_context, wait_until_healthy
from tests.support.access.locked import EDITOR_PASSWORD, READER_LINK, READER_PASSWORD, quick_hash
from tests.support.access.oidc_provider import CLIENT, OidcProvider, oidc_provider
from tests.support.scripted_ollama import HEALTHY, scripted_server, streamed

ANNA, BEN, EVE = "anna@example.org", "ben@example.org", "eve@elsewhere.org"
SECRET = "Where is the secret otter?"


@contextmanager
def locked_app(folder: Path, secrets: str, port: int, **environment: str) -> Iterator[str]:
    """The app with these secrets, started as on a server; returns its address."""
    (folder / ".streamlit").mkdir(parents=True)
    (folder / ".streamlit" / "secrets.toml").write_text(secrets, "utf-8")
    command = [sys.executable, "-m", "rag", "run", "--server.port", str(port)]
    inherited = {**os.environ, "PYTHONPATH": str(config.ROOT), **environment}
    process = subprocess.Popen(command, cwd=folder, env=inherited, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(f"{address}/_stcore/health")
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with oidc_provider() as running:
        yield running


@pytest.fixture
def address(sample: Collection, provider: OidcProvider, tmp_path: Path) -> Iterator[str]:
    """The app with a login: Anna is an editor, everybody else at example.org a reader."""
    port = free_port()
    secrets = f"""
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "{"s" * 32}"
client_id = "{CLIENT}"
client_secret = "secret"
server_metadata_url = "{provider.address}/.well-known/openid-configuration"

[access]
editors = ["{ANNA}"]
readers = ["@example.org"]
"""
    answers = {**HEALTHY, "/api/chat": lambda body: streamed("It is here.", prompt_tokens=100)}
    with (
        scripted_server(answers) as server,
        locked_app(tmp_path / "run", secrets, port, OLLAMA_HOST=server.address) as running,
    ):
        yield running


def logged_in(browser: Browser, address: str, provider: OidcProvider, person: str) -> BrowserContext:
    """A browser in which this person has logged in."""
    context = new_context(browser, viewport={"width": 1400, "height": 900}, base_url=address)
    page = context.new_page()
    page.goto("/documents")
    provider.person = person
    page.get_by_role("button", name="Log in").click()
    page.wait_for_function("!document.body.innerText.includes('This address is locked')")
    return context


def inside(page: Page, path: str) -> Page:
    """The page at this path, behind the door."""
    page.goto(path)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    return page


def test_two_logins(browser: Browser, address: str, provider: OidcProvider, sample: Collection):
    with (
        closing(logged_in(browser, address, provider, ANNA)) as annas,
        closing(logged_in(browser, address, provider, BEN)) as bens,
    ):
        anna = inside(annas.pages[0], "/chat?collection=Sample")
        expect(anna.get_by_text(f"{ANNA} Editor")).to_be_visible()
        anna.get_by_placeholder("Ask about your documents").fill(SECRET)
        anna.keyboard.press("Enter")
        expect(anna.get_by_text("It is here.").first).to_be_visible()
        (stored,) = Conversations(sample).list()
        ben = inside(bens.pages[0], f"/chat?collection=Sample&conversation={stored.conversation_id}")
        expect(ben.get_by_text(f"{BEN} Reader: look, search and chat")).to_be_visible()
        expect(ben.get_by_text("Try one of these:")).to_be_visible()
        assert SECRET not in ben.content()
        assert ben.get_by_role("button", name="New", exact=True).count() == 0

        other = inside(annas.new_page(), "/search?collection=Sample")
        other.get_by_role("button", name="Log out").click()
        expect(other.get_by_role("button", name="Log in")).to_be_visible()
        anna.get_by_text("Large type").click()
        expect(anna.get_by_role("button", name="Log in")).to_be_visible()
        expect(anna.get_by_text(SECRET)).to_have_count(0)
        inside(bens.new_page(), "/search?collection=Sample")


def test_a_long_token_logs_in_as_well(browser: Browser, address: str, provider: OidcProvider):
    """A company's token names every group of a person: more than a cookie can hold, or the usual header of a server."""
    provider.groups = tuple(str(uuid4()) for _ in range(200))
    with closing(logged_in(browser, address, provider, ANNA)) as annas:
        page = inside(annas.pages[0], "/chat?collection=Sample")
        expect(page.get_by_text(f"{ANNA} Editor")).to_be_visible()
        page.reload()
        expect(page.get_by_text(f"{ANNA} Editor")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_someone_who_is_on_no_list_stays_outside(browser: Browser, address: str, provider: OidcProvider):
    with closing(logged_in(browser, address, provider, EVE)) as eves:
        page = eves.pages[0]
        expect(page.get_by_text(f"You are logged in as {EVE}")).to_be_visible()
        assert page.get_by_role("button", name="Log out").count() == 0


def test_a_password_is_kept_over_a_reload_and_a_link_leaves_the_address(
    browser: Browser, sample: Collection, tmp_path: Path
):
    secrets = f"""
[access]
editor_password = "{quick_hash(EDITOR_PASSWORD)}"
reader_password = "{quick_hash(READER_PASSWORD)}"
reader_link = "{READER_LINK}"
"""
    with (
        locked_app(tmp_path / "run", secrets, free_port(), OLLAMA_HOST="127.0.0.1:9") as address,
        closing(new_context(browser, base_url=address)) as context,
        closing(new_context(browser, base_url=address)) as guests,
    ):
        page = context.new_page()
        page.goto("/models")
        page.get_by_label("Password").first.fill(EDITOR_PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
        page.wait_for_function("document.cookie.includes('explorer_person=')")
        page.reload()
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        guest = inside(guests.new_page(), f"/models?reader={READER_LINK}")
        expect(guest.get_by_text("Reader: look, search and chat")).to_be_visible()
        guest.wait_for_function("!location.href.includes('reader=')")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password").first).to_be_visible()
        page.wait_for_function("!document.cookie.includes('explorer_person=')")
        page.reload()
        expect(page.get_by_label("Password").first).to_be_visible()
