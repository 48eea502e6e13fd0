"""The real Codex CLI, run once without a person, in a home of its own."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.npm import package

PACKAGE: Final = "@openai/codex"
VERSION: Final = "0.169.0"
TIMEOUT_S: Final = 60
QUIET: Final = "check_for_update_on_startup = false\n[analytics]\nenabled = false\n"
OWN_PROVIDER: Final = """\
model_provider = "gateway"
{quiet}
[model_providers.gateway]
name = "gateway"
base_url = "{base_url}"
env_key = "GATEWAY_KEY"
wire_api = "responses"
"""
BUILT_IN: Final = 'openai_base_url = "{base_url}"\n{quiet}'


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `said` is its last message, `told` what it shows on the way."""

    exit_code: int
    said: str
    told: str


def binary() -> Path:
    """The native program of this platform, which the package's own command only starts."""
    folder = package(PACKAGE, VERSION)
    found = [path for path in folder.parent.glob("codex-*/vendor/*/bin/codex") if os.access(path, os.X_OK)]
    assert len(found) == 1, f"no single native codex in {folder.parent}"
    return found[0]


def run(prompt: str, *, base_url: str, key: str, model: str, home: Path, built_in: bool = False) -> Finished:
    """One prompt. `home` is also where it works.

    `built_in`: it takes the gateway for OpenAI, to which it logs in with the key; else for a provider of its config.
    """
    settings = home / ".codex" / "config.toml"
    settings.parent.mkdir()
    settings.write_text((BUILT_IN if built_in else OWN_PROVIDER).format(base_url=base_url, quiet=QUIET))
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "GATEWAY_KEY": key}
    if built_in:
        login = [str(binary()), "login", "--with-api-key"]
        subprocess.run(login, env=environ, input=key, text=True, capture_output=True, timeout=TIMEOUT_S, check=True)
    done = subprocess.run(
        [
            str(binary()),
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--model",
            model,
            prompt,
        ],
        cwd=home,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Finished(done.returncode, done.stdout.strip(), done.stderr)
