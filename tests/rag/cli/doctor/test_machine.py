"""What `doctor` says of memory, threads, and the port of the app."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rag.cli.doctor.machine import (
    Memory,
    ServedAt,
    check_computing,
    check_memory,
    check_port,
    read_memory,
    read_processor_share,
    served_at,
)
from rag.errors import ExplorerError


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:       8000000 kB\nMemFree:  10 kB\nMemAvailable:   4000000 kB\nHugePages_Total: 0\n")
    return path


def test_the_memory_of_a_machine_without_a_limit(meminfo: Path, tmp_path: Path):
    assert read_memory(meminfo, tmp_path) == Memory(8_192_000_000, 4_096_000_000)
    (tmp_path / "memory.max").write_text("max\n")
    assert read_memory(meminfo, tmp_path) == Memory(8_192_000_000, 4_096_000_000)
    assert read_memory(tmp_path / "missing", tmp_path) is None


def test_the_limit_of_a_container_counts(meminfo: Path, tmp_path: Path):
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("300000000\n")
    assert read_memory(meminfo, tmp_path) == Memory(1_000_000_000, 700_000_000)


def test_little_memory_is_a_warning():
    assert check_memory(Memory(8 * 10**9, 10**9)).state == "warning"
    assert check_memory(Memory(8 * 10**9, 4 * 10**9)).state == "ok"
    assert check_memory(None).state == "ok"


def test_more_threads_than_a_container_has_processors_are_a_warning(tmp_path: Path):
    assert read_processor_share(tmp_path) is None
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    share = read_processor_share(tmp_path)
    assert share == 1.5
    assert check_computing(8, share, lambda: "cpu", lambda: "float32").remedy == "Set OMP_NUM_THREADS=2."
    assert check_computing(2, share, lambda: "cpu", lambda: "float32").state == "ok"
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert read_processor_share(tmp_path) is None


def test_a_device_that_is_not_there_is_a_problem():
    def missing() -> str:
        raise ExplorerError("There is no such device.")

    found = check_computing(2, None, missing, lambda: "float32")
    assert (found.state, found.sentence) == ("problem", "There is no such device.")


def test_variables_come_before_files_and_the_first_file_before_the_others(tmp_path: Path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('[server]\naddress = "127.0.0.1"\n')
    second.write_text('[server]\naddress = "0.0.0.0"\nport = 8600\nbaseUrlPath = "/explorer"\n')
    files = [first, second, tmp_path / "missing.toml"]
    assert served_at({}, files) == ServedAt("127.0.0.1", 8600, "explorer")
    place = served_at({"STREAMLIT_SERVER_PORT": "80", "STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}, files)
    assert (place, place.url) == (ServedAt("0.0.0.0", 80, "explorer"), "http://localhost:80/explorer")
    assert served_at({}, []).url == "http://localhost:8501/"


def test_settings_of_streamlit_that_cannot_be_read_are_a_problem(tmp_path: Path):
    (tmp_path / "config.toml").write_text("[server")
    found = check_port(lambda: served_at({}, [tmp_path / "config.toml"]), lambda url: False)
    assert (found.state, "cannot be read" in found.sentence) == ("problem", True)
    found = check_port(lambda: served_at({"STREAMLIT_SERVER_PORT": "http"}, []), lambda url: False)
    assert found.state == "problem"


def test_a_port_that_is_free_taken_or_served_by_the_app():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        place = ServedAt("127.0.0.1", other.getsockname()[1], "")
        taken = check_port(lambda: place, lambda url: False)
        served = check_port(lambda: place, lambda url: url == place.url)
    assert (taken.state, taken.remedy) == ("problem", "Choose another: --server.port 8502")
    assert "another program uses the port" in taken.sentence
    assert (served.state, place.url in served.sentence) == ("ok", True)
    assert check_port(lambda: ServedAt("127.0.0.1", 0, ""), lambda url: False).state == "ok"
    assert check_port(lambda: ServedAt("127.0.0.1", 70_000, ""), lambda url: False).state == "problem"
