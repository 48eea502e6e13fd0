"""scripts/with: programs that know nothing of us, run through the HTTPS proxy."""

import json
import os
import platform
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scripts.with_environment import ADDING, REPLACING, environment
from tests.support import claude_code
from tests.support.certificates import Made, self_made
from tests.support.config import claude_key, config
from tests.support.npm import package
from tests.support.origin import Origin, origin
from tests.support.ports import free_port
from tests.support.proxy import FOREIGN_SETTINGS, ROOT, Proxy
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

REDIRECT: Final = ROOT / "tests" / "support" / "redirect_vendors.py"
WITH: Final = [sys.executable, str(ROOT / "scripts" / "with_program.py")]
VENDOR: Final = "api.anthropic.com"
OTHER: Final = "unlisted.example.com"
OWN_KEY: Final = "sk-ant-own-0123456789"
POOL_KEY: Final = "test-key-1"
ROOTS: Final = frozenset(("SSL_CERT_DIR", *ADDING, *REPLACING))
NODE: Final = "24.21.0"
TIMEOUT_S: Final = 60

SAYS_HELLO: Final = {"model": "claude-asked", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
CURL: Final = [
    *("curl", "-sS", f"https://{VENDOR}/v1/messages", "-H", f"x-api-key: {OWN_KEY}"),
    *("-H", "content-type: application/json", "-d", json.dumps(SAYS_HELLO)),
]
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


def environ(**more: str) -> dict[str, str]:
    """That of a person who has set up nothing."""
    plain = {
        name: value for name, value in os.environ.items() if not FOREIGN_SETTINGS.match(name) and name not in ROOTS
    }
    return {**plain, "ANTHROPIC_API_KEY": OWN_KEY, **more}


@dataclass(frozen=True, slots=True)
class Place:
    """A config, and mitmproxy's folder."""

    config: Path
    confdir: Path
    intercept_port: int

    @property
    def command(self) -> list[str]:
        """Before the program."""
        return [*WITH, "--config", str(self.config), "--confdir", str(self.confdir)]

    @property
    def folder(self) -> Path:
        """Of our files."""
        return self.confdir / "mitmproxy-with"

    def run(self, *program: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """To its end."""
        command = [*self.command, *program]
        environment = environ() if env is None else env
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=self.config.parent,
        )

    @contextmanager
    def open(self, *program: str, **how: Any) -> Iterator[subprocess.Popen[str]]:
        """Ended on leaving."""
        process = subprocess.Popen(
            [*self.command, *program],
            env=environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def listens(self) -> bool:
        """Whether somebody does at the proxy's port."""
        try:
            socket.create_connection(("127.0.0.1", self.intercept_port), 5).close()
        except ConnectionRefusedError:
            return False
        return True


def wait_until(true: Callable[[], bool]) -> None:
    """Raises AssertionError at the deadline."""
    deadline_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline_s, true
        time.sleep(0.02)


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
        hosts = {VENDOR: real.port, OTHER: real.port}
        with Proxy(
            described,
            scripts=[REDIRECT],
            options={"ssl_insecure": "true"},
            environ={"CLIPROXY_TEST_HOSTS": json.dumps(hosts)},
        ) as proxy:
            proxy.wait_for(rf"listening at 127\.0\.0\.1:{proxy.intercept_port}\b")
            yield Scene(Place(proxy.config_path, proxy.ca.parent, proxy.intercept_port), proxy, vendor, real, made)


@pytest.fixture
def here(shared: Scene) -> Iterator[Scene]:
    shared.vendor.reset()
    shared.real.requests.clear()
    yield shared
    assert OWN_KEY not in shared.proxy.log


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


@pytest.mark.cli
def test_the_real_claude_code_needs_no_other_set_up(here: Scene, tmp_path: Path) -> None:
    written = tmp_path / "greeting.txt"
    done = here.place.run(
        *(str(claude_code.binary()), "-p", f"WRITE {written} hello-from-the-model", "--model", "claude-asked"),
        *("--output-format", "json", "--dangerously-skip-permissions"),
        env=environ(HOME=str(tmp_path), **claude_code.QUIET),
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert json.loads(done.stdout)["result"] == "done"
    assert written.read_text().strip() == "hello-from-the-model"
    assert set(here.vendor.keys_seen) == {POOL_KEY}


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


def test_the_proxy_of_another_config_is_not_used(here: Scene, tmp_path: Path) -> None:
    other = tmp_path / "config.yaml"
    other.write_text(yaml.safe_dump({"port": free_port(), "intercept": {"port": here.place.intercept_port}}))
    done = Place(other, here.place.confdir, here.place.intercept_port).run("true")
    assert done.returncode == 125
    assert "a gateway with another config" in done.stderr


def test_a_proxy_with_another_ca_is_not_used(here: Scene, alone: Place, tmp_path: Path) -> None:
    done = Place(here.place.config, tmp_path / "empty", here.place.intercept_port).run("true")
    assert done.returncode == 125
    assert "has another CA" in done.stderr
    assert alone.run("true").returncode == 0
    done = Place(here.place.config, alone.confdir, here.place.intercept_port).run("true")
    assert done.returncode == 125
    assert "has another CA" in done.stderr


def test_a_gateway_without_its_proxy_is_told(here: Scene, tmp_path: Path) -> None:
    other = tmp_path / "config.yaml"
    port = free_port()
    other.write_text(yaml.safe_dump({"port": here.proxy.port, "intercept": {"port": port}}))
    done = Place(other, here.place.confdir, port).run("true")
    assert done.returncode == 125
    assert "without its HTTPS proxy" in done.stderr
