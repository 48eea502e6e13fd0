"""scripts/with where nobody has started the proxy: it does, and the last one to use the proxy ends it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.config import claude_key, config
from tests.support.ports import free_port
from tests.support.with_program import CURL, TIMEOUT_S, Place, wait_until
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

POOL_KEY: Final = "test-key-1"


@pytest.fixture
def vendor() -> Iterator[AnthropicVendor]:
    found = AnthropicVendor(keys=(POOL_KEY,), models=("claude-sim",))
    with running(found):
        yield found


@pytest.fixture
def alone(tmp_path: Path, vendor: AnthropicVendor) -> Iterator[Place]:
    """Nobody has started a proxy here."""
    port = free_port()
    described = {
        **config(claude=[claude_key(vendor.base_url, POOL_KEY, {"claude-asked": "claude-sim"})]),
        "port": free_port(),
        "intercept": {"port": port},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(described))
    place = Place(tmp_path / "config.yaml", tmp_path / "mitmproxy", port)
    yield place
    wait_until(lambda: not place.listens())


def test_the_proxy_is_started_and_ends_with_the_program(alone: Place, vendor: AnthropicVendor) -> None:
    done = alone.run(*CURL)
    assert done.returncode == 0
    assert "echo: hello" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "started the gateway" in done.stderr
    assert vendor.keys_seen == [POOL_KEY]
    assert (alone.folder / f"proxy-{alone.intercept_port}.log").stat().st_mode & 0o777 == 0o600
    assert (alone.confdir / "mitmproxy-ca.pem").stat().st_mode & 0o777 == 0o600
    assert [path.stat().st_mode & 0o777 for path in (alone.confdir, alone.folder)] == [0o700, 0o700]
    again = alone.run(*CURL)  # While the first one's proxy is ending, perhaps.
    assert again.returncode == 0
    assert "echo: hello" in again.stdout


def test_two_at_once_share_one_proxy_which_the_last_one_ends(alone: Place) -> None:
    waiting = ("sh", "-c", "echo up; read line; echo end")
    with ExitStack() as stack:
        both = [stack.enter_context(alone.open(*waiting)) for _ in range(2)]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
        first, second = both
        first.kill()
        first.wait(10)
        done = alone.run(*CURL)
        assert (done.returncode, done.stderr) == (0, "")
        _, second_said = second.communicate("\n", TIMEOUT_S)
        _, first_said = first.communicate(timeout=TIMEOUT_S)
    assert (first_said + second_said).count("started the gateway") == 1
    wait_until(lambda: not alone.listens())


def test_the_proxy_stays_for_what_the_program_has_left_running(alone: Place) -> None:
    with alone.open("sh", "-c", "exec 3<&0; (read line <&3) & echo up") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "up\n"
        assert process.wait(TIMEOUT_S) == 0
        done = alone.run(*CURL)
        assert (done.returncode, done.stderr) == (0, "")
        process.stdin.close()
    wait_until(lambda: not alone.listens())


def test_a_program_that_waits_for_all_its_children_does_not_wait_for_the_proxy(alone: Place) -> None:
    waits = "import os\ntry:\n  os.wait()\nexcept ChildProcessError:\n  print('none')"
    done = alone.run(sys.executable, "-c", waits)
    assert (done.returncode, done.stdout) == (0, "none\n")


def test_ctrl_c_while_the_proxy_starts_ends_both_without_a_word(alone: Place) -> None:
    with alone.open("true") as process:
        log = alone.folder / f"proxy-{alone.intercept_port}.log"
        wait_until(lambda: log.exists() and "with_until" in log.read_text())
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, said) == (-signal.SIGINT, ("", ""))
