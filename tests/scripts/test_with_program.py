"""scripts/with where it does not come to run a program; tests/e2e has the rest."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from addons.settings import SettingsError
from scripts.with_program import config_path, own_folder
from tests.support.origin import origin
from tests.support.ports import free_port

ROOT: Final = Path(__file__).parents[2]
WITH: Final = [sys.executable, str(ROOT / "scripts" / "with_program.py")]


def run(folder: Path, *arguments: str, config: str = "") -> subprocess.CompletedProcess[str]:
    """With a config of its own; whatever is written goes to that folder."""
    file = folder / "config.yaml"
    file.write_text(config or f"port: {free_port()}\nintercept:\n  port: {free_port()}\n")
    command = [*WITH, "--config", str(file), "--confdir", str(folder / "mitmproxy"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of it."""
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("scripts/with: ")
    return done.stderr


def test_help_shows_how_it_is_called() -> None:
    done = subprocess.run([*WITH, "--help"], capture_output=True, text=True, timeout=60, check=True)
    for word in ("PROGRAM", "--config", "--print", "127"):
        assert word in done.stdout


@pytest.mark.parametrize("arguments", [[], ["--"], ["--print", "ls"], ["--prin"], ["--configuration", "x", "ls"]])
def test_a_wrong_command_line_is_told(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: scripts/with" in done.stderr


@pytest.mark.parametrize(("name", "status"), [("no-such-program", 127), ("./none", 127), ("./config.yaml", 126)])
def test_a_program_that_can_not_be_run_is_told_before_anything_is_started(
    tmp_path: Path, name: str, status: int
) -> None:
    done = run(tmp_path, name, "--its", "arguments")
    assert done.returncode == status
    assert name in told(done)
    assert not (tmp_path / "mitmproxy").exists()


def test_a_mistake_in_the_config_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "true", config="prot: 1\n")
    assert done.returncode == 125
    assert "`port` was probably meant" in told(done)


def test_interception_that_is_switched_off_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "true", config="intercept:\n  enable: false\n")
    assert done.returncode == 125
    assert "intercept.enable is false" in told(done)


def test_one_port_for_both_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "true", config="port: 8080\n")
    assert done.returncode == 125
    assert "Port 8080 is the gateway's" in told(done)


@pytest.mark.parametrize("way", [["true"], ["--print"]])
def test_another_program_on_the_port_is_told(tmp_path: Path, way: list[str]) -> None:
    with origin() as other:
        done = run(tmp_path, *way, config=f"port: {free_port()}\nintercept:\n  port: {other.port}\n")
    assert done.returncode == 125
    assert "another program's" in told(done)


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path) -> None:
    with origin() as other:
        done = run(tmp_path, "true", config=f"port: {other.port}\nintercept:\n  port: {free_port()}\n")
    assert done.returncode == 125
    assert f"Port {other.port} on 127.0.0.1 is taken by another program" in told(done)


def test_variables_are_not_printed_where_nobody_listens(tmp_path: Path) -> None:
    done = run(tmp_path, "--print")
    assert done.returncode == 125
    assert "start scripts/run" in told(done)


def test_the_config_is_that_of_the_folder_or_else_the_one_beside_scripts(tmp_path: Path) -> None:
    here, root = tmp_path / "here", tmp_path / "root"
    here.mkdir()
    root.mkdir()
    made = config_path(None, {}, here, root)
    assert made == root / "config.yaml"
    assert "api-keys" in made.read_text()
    assert made.stat().st_mode & 0o777 == 0o600
    assert list(here.iterdir()) == []
    before = made.read_bytes()
    assert config_path(None, {}, here, root) == made
    assert made.read_bytes() == before
    (here / "config.yaml").touch()
    assert config_path(None, {}, here, root) == here / "config.yaml"
    assert config_path(None, {"CLIPROXY_CONFIG": "b.yaml"}, here, root) == here / "b.yaml"
    assert config_path("a.yaml", {"CLIPROXY_CONFIG": "b.yaml"}, here, root) == here / "a.yaml"
    assert sorted(path.name for path in here.iterdir()) == ["config.yaml"]
    with pytest.raises(SettingsError):
        config_path("~nobody-of-that-name/a.yaml", os.environ, here, root)


def test_what_is_beside_the_ca_is_its_owners_alone(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "mitmproxy")
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
    folder.chmod(0o777)
    assert own_folder(folder.parent) == folder
    assert folder.stat().st_mode & 0o777 == 0o700
