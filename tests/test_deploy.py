"""The recipes in deploy/ agree with the code: variables, versions, paths, ports, limits, and what is copied."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import tomllib

import pytest
import yaml

from rag import config

DEPLOY = config.ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
NGINX = (DEPLOY / "nginx.conf").read_text("utf-8")
DOCUMENT = (config.ROOT / "docs" / "deploy.md").read_text("utf-8")
SETTINGS = tomllib.loads((config.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
PORT = "8501"


def copied_from_the_project() -> list[str]:
    """What the Dockerfile's COPY lines name, without those that copy from another stage."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
    return [name for line in lines for name in line.split()[:-1]]


def sent_to_the_builder(path: str) -> bool:
    """Whether the ignore file lets this path through: its last pattern that matches decides."""
    parts = path.split("/")
    prefixes = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    sent = True
    for line in filter(None, (line for line in IGNORED if not line.startswith("#"))):
        pattern = line.removeprefix("!")
        matches = any(fnmatch.fnmatch(one, pattern) for one in prefixes) or any(
            pattern == f"**/{name}" for name in parts
        )
        if matches:
            sent = line.startswith("!")
    return sent


def tracked(*places: str) -> list[str]:
    command = ["git", "ls-files", "--", *places]
    done = subprocess.run(command, cwd=config.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("the files that belong to the project are known in a checkout with git only")
    return done.stdout.splitlines()


@pytest.mark.parametrize("text", [DOCKERFILE, str(COMPOSE), NGINX, DOCUMENT], ids=["image", "compose", "nginx", "doc"])
def test_variables_that_are_named_exist(text: str):
    named = set(re.findall(rf"\b{config.VARIABLE_PREFIX}[A-Z_]+[A-Z]\b", text))
    assert named <= config.VARIABLES


def test_the_image_has_the_packages_of_what_the_recipes_offer():
    """A login, Milvus and PostgreSQL: their packages are extras of the project."""
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    installed = set(re.findall(r"--extra ([a-z]+)", DOCKERFILE))
    assert {"milvus", "postgres"} <= COMPOSE["services"].keys() & installed
    assert "login" in installed <= project["optional-dependencies"].keys()


def test_the_image_has_the_python_of_the_project_and_the_uv_of_its_lock():
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text("utf-8"))
    tested = project["tool"]["mypy"]["python_version"]
    assert set(re.findall(r"^FROM python:([\d.]+)-", DOCKERFILE, re.M)) == {tested}
    (uv,) = re.findall(r"uv==([\d.]+)", DOCKERFILE)
    assert f"uv=={uv}" in project["project"]["optional-dependencies"]["dev"]
    for name in re.findall(r"-r (\S+)", DOCKERFILE):
        assert (config.ROOT / name).is_file()
        assert sent_to_the_builder(name)


def test_the_image_has_every_file_that_an_installed_copy_has():
    wheel = tomllib.loads((config.ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    copied = copied_from_the_project()
    assert set(wheel["only-include"]) <= set(copied)
    assert [name for name in copied if not (config.ROOT / name).exists()] == []
    files = tracked(*copied)
    assert len(files) > 200
    assert [name for name in files if not sent_to_the_builder(name)] == []


OUTSIDE = (
    ".git/config", ".streamlit/secrets.toml", ".venv/bin/python", "data/collections/Mine.sqlite", "deploy/secrets.toml",
    "rag/__pycache__/config.pyc", "tests/conftest.py",
)  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_secrets_collections_and_history_stay_outside_the_image(path: str):
    assert not sent_to_the_builder(path)


def test_the_image_runs_without_rights_and_writes_only_to_volumes():
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.M)
    assert "useradd --uid 10001 " in DOCKERFILE
    app = COMPOSE["services"]["app"]
    assert (app["read_only"], app["cap_drop"], app["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    places = dict(re.findall(r"(EXPLORER_DATA_DIR|EXPLORER_CACHE_DIR)=(\S+)", DOCKERFILE))
    mounted = {one.partition(":")[2] for one in app["volumes"]}
    assert set(places.values()) == mounted == {"/data", "/cache"}
    for variable in ("HOME", "HF_HOME", "NUMBA_CACHE_DIR"):
        (place,) = re.findall(rf"\b{variable}=(\S+)", DOCKERFILE)
        assert place.startswith(("/tmp", "/cache/"))


def test_every_recipe_has_the_same_port_and_the_apps_own_health_check():
    assert f"EXPOSE {PORT}\n" in DOCKERFILE
    assert f'"--server.port", "{PORT}"' in DOCKERFILE
    assert COMPOSE["services"]["app"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert f"http://127.0.0.1:{PORT}/healthz'" in DOCKERFILE
    assert set(re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+)", NGINX)) == {PORT}
    assert 'Route("/healthz", healthz)' in (config.ROOT / "serve.py").read_text("utf-8")


def test_secrets_are_mounted_where_streamlit_looks_for_them():
    (secret,) = COMPOSE["services"]["app"]["secrets"]
    assert secret["target"] == "/app/.streamlit/secrets.toml"
    assert "WORKDIR /app\n" in DOCKERFILE
    sources = {one if isinstance(one, str) else one["source"] for service in COMPOSE["services"].values()
               for one in service.get("secrets", [])}  # fmt: skip
    assert sources == set(COMPOSE["secrets"])
    ignored = (config.ROOT / ".gitignore").read_text("utf-8").split()
    assert [one["file"] for one in COMPOSE["secrets"].values() if f"deploy/{one['file']}" not in ignored] == []
    assert "deploy/app.env" in ignored


def test_named_volumes_are_defined_and_images_have_versions():
    services = COMPOSE["services"].values()
    used = {one.partition(":")[0] for service in services for one in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    assert all(re.search(r":v?\d+\.\d+", service["image"]) for service in services if "image" in service)
    assert {name for name, service in COMPOSE["services"].items() if "profiles" not in service} == {"app", "ollama"}


def test_the_proxy_lets_uploads_of_the_apps_limit_through():
    (limit,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(limit) > SETTINGS["server"]["maxUploadSize"]
