"""scripts/run as a person would use it; tests/e2e has what the gateway then does."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from tests.support.ports import free_port

ROOT: Final = Path(__file__).parents[2]
START: Final = [sys.executable, "-O", str(ROOT / "scripts" / "start.py")]


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The proxy, started in that folder, with its output to read."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    with subprocess.Popen(
        [*START, *arguments, "--set", f"confdir={folder / 'mitmproxy'}"],
        cwd=folder,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def lines_until(process: subprocess.Popen[str], pattern: str) -> str:
    """All that it says until a line matches."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if re.search(pattern, line):
            return said
    raise AssertionError(f"it never said {pattern!r}:\n{said}")


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C, until it is heard: Python misses one that comes just before it reads."""
    for _ in range(30):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        return


def test_the_demo_translates_fails_over_and_ends() -> None:
    done = subprocess.run([*START, "--demo"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "simulated" in done.stdout.splitlines()[0]
    assert "after 2 attempt(s)" in done.stdout
    assert done.stdout.count("Hello from a simulated") == 2


@pytest.mark.parametrize("program", [["--headless"], ["--set", "web_port=0"]])
def test_the_first_start_makes_a_config_and_shows_where_everything_is(tmp_path: Path, program: list[str]) -> None:
    port = free_port()
    example = (ROOT / "config.example.yaml").read_text()
    assert "port: 8317" in example
    config = tmp_path / "config.yaml"
    with started(tmp_path, *program) as process:
        said = lines_until(process, "Missing|taken by another program")
    assert "Made" in said
    assert config.exists()
    config.write_text(config.read_text().replace("port: 8317", f"port: {port}"))
    with started(tmp_path, *program) as process:
        said = lines_until(process, "Missing")
    assert "Made" not in said
    assert f"http://127.0.0.1:{port}" in said
    assert ("Console" in said) is ("--headless" not in program)


def test_a_mistake_in_the_config_is_a_line_and_a_status(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("prot: 1\n")
    done = subprocess.run(START, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "`port` was probably meant" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("leave", ["Ctrl-C", "Ctrl-D"])
def test_a_question_can_be_left_without_a_trace(tmp_path: Path, leave: str) -> None:
    keyboard, terminal = pty.openpty()
    environment = {**os.environ, "ANTHROPIC_API_KEY": "test-key-1", "CLIPROXY_CONFIG": ""}
    process = subprocess.Popen(
        START,
        cwd=tmp_path,
        env=environment,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process, os.fdopen(keyboard, "wb", buffering=0) as keys, os.fdopen(terminal):
        assert process.stdout is not None
        said = process.stdout.read(len("ANTHROPIC_API_KEY is set."))
        if leave == "Ctrl-C":
            interrupt(process)
        else:
            keys.write(b"\x04")
        said += process.communicate(timeout=30)[0]
    assert process.returncode == 1
    assert "Stopped." in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_a_taken_port_of_the_console_is_a_line_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"port: {free_port()}\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*START, "--set", f"web_port={port}", "--set", f"confdir={tmp_path}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--set web_port=" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_ca_is_a_line_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"port: {free_port()}\n")
    (tmp_path / "mitmproxy-ca.pem").write_text("nothing")
    command = [*START, "--headless", "--set", f"confdir={tmp_path}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "mitmproxy-ca.pem" in done.stderr
    assert "Move it away" in done.stderr


def test_a_port_that_another_gateway_has_is_a_line_with_the_cure(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "config.yaml").write_text(f"host: 127.0.0.1\nport: {port}\n")
    with started(tmp_path, "--headless") as process:
        lines_until(process, "Missing")
        done = subprocess.run(START, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken by another instance of this gateway" in done.stderr


def test_an_edit_of_the_config_is_taken_under_uvloop_too(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"host: 127.0.0.1\nport: {free_port()}\n")
    with started(tmp_path, "--headless") as process:
        lines_until(process, "Missing")
        config.write_text(f"{config.read_text()}request-retry: 2\n")
        assert "was taken: request-retry" in lines_until(process, "was taken")


def test_an_option_that_nobody_knows_is_named_by_the_program_that_was_called(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"port: {free_port()}\n")
    command = [*START, "--hedless"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "run: error: unrecognized arguments: --hedless" in done.stderr
    assert "start.py" not in done.stderr


def test_a_config_that_was_named_and_is_not_there_is_no_reason_to_make_one(tmp_path: Path) -> None:
    command = [*START, "--config", "other.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "other.yaml: can't be read: No such file" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_port_is_closed_until_the_gateway_can_answer(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "config.yaml").write_text(f"host: 127.0.0.1\nport: {port}\n")
    with started(tmp_path, "--headless") as process:
        while process.poll() is None:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/healthz")
                assert connection.getresponse().status == 200
                return
            except ConnectionRefusedError:
                continue
            finally:
                connection.close()
    raise AssertionError("it ended before it listened")
