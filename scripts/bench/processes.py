"""What every benchmark of the running gateway needs: an upstream and proxies, each a process of its own."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.ports import free_port  # noqa: E402

CLIENT_KEY: Final = "bench-key"
MODEL: Final = "bench-model"
START_TIMEOUT_S: Final = 20.0

STREAM_ADDON: Final = """
def responseheaders(flow):
    if flow.response.headers.get("content-type", "").startswith("text/event-stream"):
        flow.response.stream = True
"""


@dataclass(frozen=True, slots=True)
class Start:
    """How a proxy is started. `anthropic`: the dialect that it is spoken to in, else OpenAI chat. `intercept_port` and
    `ca`: of its HTTPS proxy, where it has one."""

    name: str
    command: list[str]
    port: int
    anthropic: bool
    intercept_port: int = 0
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy. `start_s`: from its start to its first answer."""

    start: Start
    process: subprocess.Popen[bytes]
    start_s: float = 0.0

    def cpu_s(self) -> float:
        """Time on a processor so far, from the kernel's accounts."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def rss_kb(self) -> int:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1])


@contextmanager
def upstream_server(script: str) -> Iterator[int]:
    """The port of an upstream: a script beside this one, which prints it."""
    command = [sys.executable, str(ROOT / "scripts" / "bench" / script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def stock(name: str, directory: Path, upstream: int, *, streaming: bool) -> Start:
    """mitmdump as a reverse proxy. `streaming`: server-sent events pass as they come, otherwise they are collected."""
    more: list[str] = []
    if streaming:
        addon = directory / "streaming.py"
        addon.write_text(STREAM_ADDON)
        more = ["-s", str(addon)]
    port = free_port()
    mode = f"reverse:http://127.0.0.1:{upstream}@127.0.0.1:{port}"
    mitmdump = str(Path(sys.executable).parent / "mitmdump")
    command = [mitmdump, "--mode", mode, "--set", "flow_detail=0", "--set", f"confdir={directory}", *more]
    return Start(name, command, port, anthropic=False)


def ours(name: str, directory: Path, upstream: int, *, console: bool = False) -> Start:
    """The gateway and the HTTPS proxy, as scripts/run starts them."""
    port, intercept_port = free_port(), free_port()
    folder, config = directory / "mitmproxy", directory / "config.yaml"  # A config.yaml in the folder would be its own.
    config.write_text(
        f"host: 127.0.0.1\nport: {port}\napi-keys: [{CLIENT_KEY}]\nintercept: {{port: {intercept_port}}}\n"
        f"openai-compatibility:\n  - name: bench\n    base-url: http://127.0.0.1:{upstream}/v1\n"
        f"    api-key-entries: [{{api-key: bench-upstream-key}}]\n    models: [{{name: {MODEL}}}]\n"
    )
    command = [sys.executable, "-O", str(ROOT / "scripts" / "start.py"), "--config", str(config)]
    command += ["--set", f"confdir={folder}", *(["--set", f"web_port={free_port()}"] if console else ["--headless"])]
    return Start(name, command, port, True, intercept_port, folder / "mitmproxy-ca-cert.pem")


@contextmanager
def started(start: Start, ask: Callable[[Start], None]) -> Iterator[Proxy]:
    """A proxy that has given its first answer. `ask`: one request; a ConnectionError, or an EOFError, says not yet.

    Ends the benchmark with the proxy's log where it never answers.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    began = time.perf_counter()
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(start.command, stdout=log, stderr=log, env=environment) as process,
    ):
        try:
            while True:
                try:
                    ask(start)
                    break
                except (ConnectionError, EOFError, FileNotFoundError):
                    if process.poll() is not None or time.perf_counter() > began + START_TIMEOUT_S:
                        log.seek(0)
                        raise SystemExit(f"{start.name} did not start:\n{log.read().decode()}") from None
                    time.sleep(0.01)
            yield replace(Proxy(start, process), start_s=time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(10)
