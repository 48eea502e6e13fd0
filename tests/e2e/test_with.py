"""scripts/with: programs that know nothing of us, run through the HTTPS proxy."""

import json
import os
import platform
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml
from mitmproxy.certs import CertStore

from scripts.with_environment import environment
from tests.support.certificates import Made, self_made
from tests.support.config import claude_key, config
from tests.support.npm import package
from tests.support.origin import Origin, origin
from tests.support.ports import free_port
from tests.support.proxied import proxied
from tests.support.proxy import Proxy
from tests.support.with_program import CURL, OWN_KEY, SAYS_HELLO, TIMEOUT_S, VENDOR, Place, environ, place_of
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

OTHER: Final = "unlisted.example.com"
POOL_KEY: Final = "test-key-1"
NODE: Final = "24.21.0"

PYTHON: Final = """
import anthropic
message = anthropic.Anthropic(max_retries=0).messages.create(
    model="claude-asked", max_tokens=50, messages=[{"role": "user", "content": "hello"}])
print(message.content[0].text)
"""
NODE_FETCH: Final = f"""
const body = JSON.stringify({json.dumps(SAYS_HELLO)});
const headers = {{"x-api-key": "{OWN_KEY}", "content-type": "application/json"}};
fetch("https://{VENDOR}/v1/messages", {{method: "POST", headers, body}})
  .then(reply => reply.json()).then(message => console.log(message.content[0].text));
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A proxy that somebody has started, its vendor, and what stands at the real names."""

    place: Place
    proxy: Proxy
    vendor: AnthropicVendor
    real: Origin
    made: Made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = self_made(tmp_path_factory.mktemp("certificates"), hosts=(OTHER,))
    vendor = AnthropicVendor(keys=(POOL_KEY,), models=("claude-sim",))
    with running(vendor), origin(made) as real:
        described = config(claude=[claude_key(vendor.base_url, POOL_KEY, {"claude-asked": "claude-sim"})])
        with proxied(described, {VENDOR: real.port, OTHER: real.port}) as proxy:
            yield Scene(place_of(proxy), proxy, vendor, real, made)


@pytest.fixture
def here(shared: Scene) -> Iterator[Scene]:
    shared.vendor.reset()
    shared.real.requests.clear()
    yield shared
    assert OWN_KEY not in shared.proxy.log


def node() -> str:
    """One whose fetch heeds HTTPS_PROXY."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return str(package(f"node-{sys.platform}-{machine}", NODE) / "bin" / "node")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(lambda: CURL, id="curl"),
        pytest.param(lambda: [sys.executable, "-c", PYTHON], id="the SDK for Python"),
        pytest.param(lambda: [node(), "-e", NODE_FETCH], id="Node's fetch", marks=pytest.mark.cli),
    ],
)
def test_a_program_asks_its_vendor_and_the_pool_answers(here: Scene, program: Callable[[], list[str]]) -> None:
    done = here.place.run(*program())
    assert (done.returncode, done.stderr) == (0, "")
    assert "echo: hello" in done.stdout
    assert here.vendor.keys_seen == [POOL_KEY]
    assert here.real.requests == []


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])
def test_a_host_that_is_not_listed_shows_its_own_certificate_and_is_trusted_as_before(
    here: Scene, variable: str
) -> None:
    asked = ["curl", "-sSv", f"https://{OTHER}/"]
    done = here.place.run(*asked, env=environ(**{variable: str(here.made.ca)}))
    assert (done.returncode, done.stdout) == (0, "origin")
    assert "issuer: CN=test issuer" in done.stderr
    assert here.place.run(*asked).returncode == 60  # curl's own number for a certificate that nobody vouches for.


@pytest.mark.parametrize("locale", [{}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "C.UTF-8"}], ids=str)
def test_nothing_but_these_variables_reaches_the_program(here: Scene, locale: dict[str, str]) -> None:
    before = {"PATH": os.environ["PATH"], "root": "x", "HTTPS_PROXY": here.proxy.proxy_url, **locale}
    found = dict(line.split("=", 1) for line in here.place.run("env", env=before).stdout.splitlines())
    bundle = Path(found["SSL_CERT_FILE"])
    assert found == {**before, **environment(before, here.proxy.proxy_url, str(here.proxy.ca), str(bundle))}
    assert bundle.parent == here.place.folder
    assert bundle.stat().st_mode & 0o777 == 0o644


def test_a_shell_can_take_the_variables(here: Scene) -> None:
    words = subprocess.list2cmdline([*here.place.command, "--print"])
    done = subprocess.run(
        ["sh", "-c", f'eval "$({words})"; exec "$@"', "sh", *CURL],
        env=environ(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "echo: hello" in done.stdout


def test_what_leads_past_the_proxy_is_told_in_a_line_each(here: Scene) -> None:
    own = environ(HTTPS_PROXY="http://user:secret@corporate:3128", OPENAI_BASE_URL="http://127.0.0.1:8317/v1")
    done = here.place.run("true", env=own)
    assert done.returncode == 0
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["HTTPS_PROXY", "OPENAI_BASE_URL"]
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 7", 7),
        ("kill -TERM $$", -signal.SIGTERM),
        ("kill -INT $$", -signal.SIGINT),
        ("kill -PIPE $$", -signal.SIGPIPE),
    ],
)
def test_the_program_ends_as_it_would_by_itself(here: Scene, script: str, status: int) -> None:
    done = here.place.run("sh", "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def test_a_signal_reaches_the_program(here: Scene) -> None:
    with here.place.open("sh", "-c", "trap 'echo heard; exit 3' TERM; echo up; read line") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.terminate()
        assert process.stdout.readline() == "heard\n"
        assert process.wait(10) == 3


def test_at_a_terminal_the_program_has_it(here: Scene) -> None:
    """It stands in the foreground, and Ctrl-C reaches it alone."""
    inside = (
        "import os, sys\n"
        "try:\n"
        "  print('foreground', os.tcgetpgrp(0) == os.getpgrp(), all(map(os.isatty, (0, 1, 2))), flush=True)\n"
        "  input()\n"
        "except KeyboardInterrupt:\n"
        "  sys.exit(4)\n"
    )
    as_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    )
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-c", as_terminal, *here.place.command, sys.executable, "-c", inside]
    with os.fdopen(keyboard, "r+b", buffering=0) as keys:
        process = subprocess.Popen(
            command, env=environ(), stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
        )
        os.close(terminal)
        with process:
            said = b""
            while b"foreground" not in said or not said.endswith(b"\n"):
                said += keys.read(1024)
            assert b"foreground True True" in said
            keys.write(b"\x03")
            assert process.wait(TIMEOUT_S) == 4


def test_the_proxy_of_another_config_is_not_used(here: Scene, tmp_path: Path) -> None:
    other = tmp_path / "config.yaml"
    other.write_text(yaml.safe_dump({"port": free_port(), "intercept": {"port": here.place.intercept_port}}))
    done = Place(other, here.place.confdir, here.place.intercept_port).run("true")
    assert done.returncode == 125
    assert "a gateway with another config" in done.stderr


def test_a_proxy_with_another_ca_is_not_used(here: Scene, tmp_path: Path) -> None:
    CertStore.from_store(tmp_path / "another", "mitmproxy", 2048)
    for confdir in (tmp_path / "none", tmp_path / "another"):
        done = Place(here.place.config, confdir, here.place.intercept_port).run("true")
        assert done.returncode == 125
        assert "has another CA" in done.stderr


def test_a_gateway_without_its_proxy_is_told(here: Scene, tmp_path: Path) -> None:
    other = tmp_path / "config.yaml"
    port = free_port()
    other.write_text(yaml.safe_dump({"port": here.proxy.port, "intercept": {"port": port}}))
    done = Place(other, here.place.confdir, port).run("true")
    assert done.returncode == 125
    assert "without its HTTPS proxy" in done.stderr
