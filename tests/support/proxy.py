"""The product as its users start it: mitmdump or mitmweb in a process of its own, with a config of its own."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Final, Literal, Self

import yaml

from tests.support.ports import free_port

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = ROOT / "addons" / "cliproxy.py"
WEB_PASSWORD: Final = "test-web-password"
CRASHES: Final = re.compile(r"Traceback \(most recent call last\)|has crashed|Unhandled|Task exception was never")
FOREIGN_SETTINGS: Final = re.compile(r"^(.*_proxy|ANTHROPIC_.*|OPENAI_.*|CLIPROXY_.*)$", re.IGNORECASE)


class Proxy:
    """Started on entering, stopped by its process id on leaving. `url` is the gateway's.

    Leaving fails the test where the log holds a traceback, unless `may_crash`. `scripts`: addons loaded beside ours.
    `bare`: nothing but `-s` stands on the command line, and the config is ./config.yaml. `environ`, `arguments`: more.
    `default_confdir`: mitmproxy's own folder is not named, so it is the one in the home (which is a folder for this
    test). `listens`: whether the gateway is to listen at all. `port`: the gateway's, where it must be a certain one.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        program: Literal["mitmdump", "mitmweb"] = "mitmdump",
        scripts: Sequence[Path] = (),
        options: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        bare: bool = False,
        default_confdir: bool = False,
        listens: bool = True,
        port: int | None = None,
        start_timeout_s: float = 60.0,
        may_crash: bool = False,
    ) -> None:
        self.config = dict(config)
        self.port = port or free_port()
        self.web_port = free_port()
        self.intercept_port = free_port()
        self._program = program
        self._scripts = scripts
        self._options = dict(options or {})
        self._environ = dict(environ or {})
        self._arguments = arguments
        self._bare = bare
        self._default_confdir = default_confdir
        self._listens = listens
        self._start_timeout_s = start_timeout_s
        self._may_crash = may_crash
        self._lines: list[str] = []
        self._said = Condition()
        self._closed = False
        self._folder = tempfile.TemporaryDirectory(prefix="cliproxy-test-")
        self._process: subprocess.Popen[str] | None = None
        self._reader: Thread | None = None

    @property
    def url(self) -> str:
        """The gateway, without a path."""
        scheme = "https" if self.config.get("tls", {}).get("enable") else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def config_path(self) -> Path:
        """The config on the disk."""
        return Path(self._folder.name) / "config.yaml"

    @property
    def proxy_url(self) -> str:
        """The interception, as HTTPS_PROXY names it."""
        return f"http://127.0.0.1:{self.intercept_port}"

    @property
    def ca(self) -> Path:
        """What a client of the interception trusts."""
        return Path(self._folder.name) / "mitmproxy" / "mitmproxy-ca-cert.pem"

    @property
    def web_url(self) -> str:
        """mitmweb, without a path."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it has printed so far."""
        with self._said:
            return "".join(self._lines)

    def wait_for(self, pattern: str, timeout_s: float = 10.0, *, since: int = 0) -> re.Match[str]:
        """Returns once the log matches, from its character `since` on.

        Raises AssertionError at the deadline, or when the process ends without it.
        """
        deadline_s = time.monotonic() + timeout_s
        with self._said:
            while True:
                found = re.search(pattern, "".join(self._lines)[since:])
                if found:
                    return found
                left_s = deadline_s - time.monotonic()
                if self._closed or left_s <= 0:
                    why = "it ended" if self._closed else f"{timeout_s} s are over"
                    raise AssertionError(f"{self._program} never said {pattern!r}: {why}\n{''.join(self._lines)}")
                self._said.wait(left_s)

    def write(self, config: Mapping[str, Any]) -> None:
        """Another config, with the port of the first where it names none. The gateway hears of it in its own time."""
        intercept = {"port": self.intercept_port, **config.get("intercept", {})}
        self.config_path.write_text(yaml.safe_dump({"port": self.port, **config, "intercept": intercept}))

    def change(self, config: Mapping[str, Any], said: str = "was taken") -> None:
        """The same, and waits until the gateway has said so."""
        since = len(self.log)
        self.write(config)
        self.wait_for(said, since=since)

    def fail(self) -> str:
        """Starts it, waits for its end, which must be a failure, and gives what it said. Not within `with`."""
        self._start()
        assert self._process is not None
        try:
            status = self._process.wait(self._start_timeout_s)
        finally:
            self._stop()
        assert status, f"{self._program} ended well:\n{self.log}"
        return self.log

    def __enter__(self) -> Self:
        self._start()
        try:
            there = rf"127\.0\.0\.1:{self.port}\b" if self._listens else "127"
            self.wait_for(rf"listening at (http://)?{there}", self._start_timeout_s)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()
        if error is not None:
            error.add_note(f"{self._program} said:\n{self.log}")
        elif not self._may_crash and CRASHES.search(self.log):
            raise AssertionError(f"{self._program} crashed:\n{self.log}")

    def _start(self) -> None:
        folder = Path(self._folder.name)
        file = self.config_path
        self.write({**self.config, "port": self.port})
        file.chmod(0o600)
        command = [str(Path(sys.executable).parent / self._program)]
        for script in (SCRIPT, *self._scripts):
            command += ["-s", str(script)]
        for name, value in ({} if self._bare else self._all_options(folder, file)).items():
            command += ["--set", f"{name}={value}"]
        command += self._arguments
        environ = {name: value for name, value in os.environ.items() if not FOREIGN_SETTINGS.match(name)}
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environ, "HOME": str(folder), "PYTHONUNBUFFERED": "1", **self._environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = Thread(target=self._read, name="proxy-log", daemon=True)
        self._reader.start()

    def _all_options(self, folder: Path, file: Path) -> dict[str, str]:
        """mitmproxy opens its default listener for a moment before it hears of ours: on a free port, not on 8080."""
        options = {
            "confdir": str(folder / "mitmproxy"),
            "cliproxy_config": str(file),
            "listen_host": "127.0.0.1",
            "listen_port": str(free_port()),
        }
        if self._program == "mitmweb":
            options |= {
                "web_host": "127.0.0.1",
                "web_port": str(self.web_port),
                "web_open_browser": "false",
                "web_password": WEB_PASSWORD,
            }
        if self._default_confdir:
            del options["confdir"]
        return options | self._options

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._said:
                self._lines.append(line)
                self._said.notify_all()
        with self._said:
            self._closed = True
            self._said.notify_all()

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(10)
        if process.stdout is not None:
            process.stdout.close()
        self._folder.cleanup()
