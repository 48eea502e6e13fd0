"""The real Claude Code, run once without a person, in a home of its own."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.npm import package

PACKAGE: Final = "@anthropic-ai/claude-code"
VERSION: Final = "2.1.197"
TIMEOUT_S: Final = 120
QUIET: Final = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "IS_SANDBOX": "1",  # It refuses --dangerously-skip-permissions to root otherwise.
}


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `said` is its last answer."""

    exit_code: int
    said: str
    output: dict[str, Any]
    complaints: str


def binary() -> Path:
    """The native program of this platform: the package's own command needs an install script, which is not run."""
    folder = package(PACKAGE, VERSION)
    found = [path for path in folder.parent.glob("claude-code-*/claude") if os.access(path, os.X_OK)]
    assert len(found) == 1, f"no single native claude in {folder.parent}"
    return found[0]


def by_base_url(gateway: str) -> dict[str, str]:
    """What it must know to ask the gateway."""
    return {"ANTHROPIC_BASE_URL": gateway}


def by_proxy(url: str, ca: Path) -> dict[str, str]:
    """What it must know to go on calling its vendor, through the proxy."""
    return {"HTTPS_PROXY": url, "NODE_EXTRA_CA_CERTS": str(ca)}


def run(prompt: str, *, way: Mapping[str, str], key: str, model: str, home: Path) -> Finished:
    """One prompt. `way`: to the gateway, see above. `home` is also where it works."""
    done = subprocess.run(
        [
            str(binary()),
            "-p",
            prompt,
            "--model",
            model,
            "--output-format",
            "json",
            "--dangerously-skip-permissions",
        ],
        cwd=home,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "ANTHROPIC_API_KEY": key,
            **way,
            **QUIET,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.stdout, f"claude said nothing (exit {done.returncode}): {done.stderr}"
    output = json.loads(done.stdout)
    return Finished(done.returncode, str(output.get("result")), output, done.stderr)
