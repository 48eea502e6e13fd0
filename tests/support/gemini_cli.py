"""The real Gemini CLI, run once without a person, in a home of its own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.support.cli import Finished, run_json
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
    return run_json(
        ["node", str(program), "-p", prompt, "-m", model, "--yolo", "--skip-trust", "-o", "json"],
        answer="response",
        home=home,
        environment=way,
        timeout_s=TIMEOUT_S,
    )
