"""The real Gemini CLI, run once without a person, in a home of its own."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.npm import package

PACKAGE: Final = "@google/gemini-cli"
VERSION: Final = "0.61.0"
TIMEOUT_S: Final = 60
SETTINGS: Final = {
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"disableAutoUpdate": True},
}
TOKEN: Final = "GOOGLE_CLOUD_ACCESS_TOKEN"


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `said` is its last answer."""

    exit_code: int
    said: str
    output: dict[str, Any]
    complaints: str


def by_base_url(gateway: str, key: str) -> dict[str, str]:
    """What it must know to ask the gateway."""
    return {"GOOGLE_GEMINI_BASE_URL": gateway, "GEMINI_API_KEY": key}


def by_proxy(url: str, trusted: Sequence[Path], bundle: Path, login: Mapping[str, str]) -> dict[str, str]:
    """What it must know to go on calling its vendor, through the proxy. `bundle`: a file to be made of what it trusts.
    `login`: with_key() or with_token()."""
    bundle.write_bytes(b"".join(path.read_bytes() for path in trusted))
    return {"HTTPS_PROXY": url, "NODE_EXTRA_CA_CERTS": str(bundle), **login}


def with_key(key: str) -> dict[str, str]:
    """Of the Gemini API."""
    return {"GEMINI_API_KEY": key}


def with_token(token: str) -> dict[str, str]:
    """As somebody who has logged in to Google: it asks Code Assist."""
    return {"GOOGLE_GENAI_USE_GCA": "true", TOKEN: token}


def run(prompt: str, *, way: Mapping[str, str], model: str, home: Path) -> Finished:
    """One prompt. `way`: see above. `home` is also where it works."""
    settings = home / ".gemini" / "settings.json"
    settings.parent.mkdir()
    chosen = "oauth-personal" if TOKEN in way else "gemini-api-key"
    settings.write_text(json.dumps({**SETTINGS, "security": {"auth": {"selectedType": chosen}}}))
    program = package(PACKAGE, VERSION) / "bundle" / "gemini.js"
    done = subprocess.run(
        ["node", str(program), "-p", prompt, "-m", model, "--yolo", "--skip-trust", "-o", "json"],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **way},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.stdout, f"gemini said nothing (exit {done.returncode}): {done.stderr}"
    output = json.loads(done.stdout)
    return Finished(done.returncode, str(output.get("response")), output, done.stderr)
