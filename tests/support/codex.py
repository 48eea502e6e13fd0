"""The real Codex, run once without a person, in a home of its own."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.npm import package

PACKAGE: Final = "@openai/codex"
VERSION: Final = "0.169.0"
TIMEOUT_S: Final = 120
KEY_VARIABLE: Final = "GATEWAY_KEY"
SETTINGS: Final = """\
model = "{model}"
model_provider = "gateway"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.gateway]
name = "gateway"
base_url = "{gateway}/v1"
env_key = "{variable}"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `said` is its last answer."""

    exit_code: int
    said: str
    complaints: str


def binary() -> Path:
    """The native program of this platform."""
    folder = package(PACKAGE, VERSION)
    found = [path for path in folder.parent.glob("codex-*/**/codex") if path.is_file() and os.access(path, os.X_OK)]
    assert len(found) == 1, f"no single native codex in {folder.parent}"
    return found[0]


def run(prompt: str, *, gateway: str, key: str, model: str, home: Path) -> Finished:
    """One prompt. `home` is also where it works."""
    settings = home / ".codex" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(SETTINGS.format(model=model, gateway=gateway, variable=KEY_VARIABLE))
    done = subprocess.run(
        [str(binary()), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(settings.parent), KEY_VARIABLE: key},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Finished(done.returncode, done.stdout.strip(), done.stderr)
