"""What is set on a page is there after a restart, goes before the environment, and damage is named."""

from __future__ import annotations

import json
import threading

import pytest

from rag import config
from rag.errors import ExplorerError
from rag.settings import SavedSettings, check_host, check_url, load_settings, save_settings
from rag.store.collection import list_collections
from tests.support.collections import rich_collection
from tests.support.fakes import WordEmbedder

SAVED = SavedSettings("http://myserver:11434", "http://localhost:8080/v1")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("OLLAMA_HOST", "EXPLORER_OPENAI_URL", "EXPLORER_OPENAI_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_settings_come_back(data_dir):
    assert load_settings(data_dir) == SavedSettings()
    save_settings(data_dir, SAVED)
    assert load_settings(data_dir) == SAVED
    assert [path.name for path in data_dir.iterdir()] == ["settings.json"]
    save_settings(data_dir, SavedSettings())
    assert load_settings(data_dir) == SavedSettings()


def test_unknown_keys_are_kept(data_dir):
    data_dir.mkdir()
    (data_dir / "settings.json").write_text('{"later": [1], "ollama_host": "http://old:1"}')
    assert load_settings(data_dir) == SavedSettings("http://old:1", "")
    save_settings(data_dir, SAVED)
    assert json.loads((data_dir / "settings.json").read_text())["later"] == [1]
    assert load_settings(data_dir) == SAVED


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"ollama_host": 5}', '{"ollama_host": "\\ud800"}', "[" * 10**5, "\xff"]
)
def test_a_damaged_file_is_named(data_dir, content):
    data_dir.mkdir()
    path = data_dir / "settings.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ExplorerError, match=r"settings\.json' are damaged: .*delete it to use the defaults"):
        load_settings(data_dir)
    with pytest.raises(ExplorerError, match=r"settings\.json' are damaged"):
        config.ollama_host()
    assert path.read_bytes() == content.encode("latin-1")


def test_a_broken_file_is_not_overwritten(data_dir):
    data_dir.mkdir()
    (data_dir / "settings.json").write_text("{")
    with pytest.raises(ExplorerError, match="damaged"):
        save_settings(data_dir, SAVED)
    assert [(path.name, path.read_text()) for path in data_dir.iterdir()] == [("settings.json", "{")]


def test_where_nothing_can_be_written_is_said(data_dir):
    (data_dir / "settings.json").mkdir(parents=True)
    with pytest.raises(ExplorerError, match="settings"):
        load_settings(data_dir)
    data_dir.with_name("file").write_text("")
    with pytest.raises(ExplorerError, match="settings"):
        save_settings(data_dir.with_name("file"), SAVED)


def test_many_may_save_at_once(data_dir):
    every = [SavedSettings(f"http://host{number}:1") for number in range(12)]
    threads = [threading.Thread(target=save_settings, args=[data_dir, settings]) for settings in every]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load_settings(data_dir) in every
    assert [path.name for path in data_dir.iterdir()] == ["settings.json"]


def test_the_saved_setting_goes_before_the_environment(data_dir, monkeypatch):
    assert (config.ollama_host(), config.openai_url(), config.openai_key()) == ("http://127.0.0.1:11434", "", "")
    monkeypatch.setenv("OLLAMA_HOST", "other:1")
    monkeypatch.setenv("EXPLORER_OPENAI_URL", " http://other/v1 ")
    monkeypatch.setenv("EXPLORER_OPENAI_KEY", "secret")
    assert (config.ollama_host(), config.openai_url(), config.openai_key()) == ("other:1", "http://other/v1", "secret")
    save_settings(data_dir, SAVED)
    assert (config.ollama_host(), config.openai_url()) == (SAVED.ollama_host, SAVED.openai_url)
    assert "secret" not in (data_dir / "settings.json").read_text()


def test_the_file_is_no_collection(data_dir):
    save_settings(data_dir, SAVED)
    rich_collection(data_dir, "settings", WordEmbedder())
    assert list_collections(data_dir) == ["settings"]
    assert load_settings(data_dir) == SAVED


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("", ""),
        ("  ", ""),
        (" myserver ", "http://myserver:11434"),
        ("MyServer:1234", "http://myserver:1234"),
        ("192.168.1.20", "http://192.168.1.20:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[fe80::1]:80", "http://[fe80::1]:80"),
        ("http://myserver", "http://myserver"),
        ("HTTPS://ollama.example.org/", "https://ollama.example.org"),
        ("http://myserver:80/ollama/", "http://myserver:80/ollama"),
        ("my_server-2.local/ollama", "http://my_server-2.local:11434/ollama"),
        ("b\u00fccher.example", "http://b\u00fccher.example:11434"),
    ],
)
def test_hosts_as_people_type_them(typed, url):
    assert check_host(typed) == url
    assert check_host(url) == url


@pytest.mark.parametrize(
    "typed",
    [
        "my server", "http://my server", "ftp://myserver", "file:///etc/passwd", "http://", "http:///x",
        "http:/myserver", "myserver:", "myserver:port", "myserver:0", "myserver:99999", "myserver:-1", "::1", "[::1",
        "1.2.3", "256.1.1.1", "user:secret@myserver", "http://myserver?x=1", "http://myserver#x", "-x", "a..b", "a\nb",
        "my\\server", "<b>",
    ],
)  # fmt: skip
def test_what_is_no_host_says_what_is_expected(typed):
    with pytest.raises(ExplorerError, match=r"is not a server address: .+\. Type a host such as .*myserver:11434"):
        check_host(typed)


def test_urls_of_other_servers():
    assert check_url(" localhost:8080/v1/ ") == "http://localhost:8080/v1"
    assert check_url("https://api.example.org/v1") == "https://api.example.org/v1"
    assert check_url("") == ""
    with pytest.raises(ExplorerError, match=r"Type an address such as http://localhost:8080/v1"):
        check_url("localhost 8080")
