"""The real Claude Code, run once without a person, in a home of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.support.cli import Finished, native, run_json

PACKAGE: Final = "@anthropic-ai/claude-code"
VERSION: Final = "2.1.197"
TIMEOUT_S: Final = 120
QUIET: Final = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "IS_SANDBOX": "1",  # It refuses --dangerously-skip-permissions to root otherwise.
}


def binary() -> Path:
    """The native program of this platform."""
    return native(PACKAGE, VERSION, "claude-code-*/claude")


def by_base_url(gateway: str) -> dict[str, str]:
    """What it must know to ask the gateway."""
    return {"ANTHROPIC_BASE_URL": gateway}


def by_proxy(url: str, ca: Path) -> dict[str, str]:
    """What it must know to go on calling its vendor, through the proxy."""
    return {"HTTPS_PROXY": url, "NODE_EXTRA_CA_CERTS": str(ca)}


def run(prompt: str, *, way: Mapping[str, str], key: str, model: str, home: Path) -> Finished:
    """One prompt. `way`: to the gateway, see above. `home` is also where it works."""
    options = ("--output-format", "json", "--dangerously-skip-permissions")
    return run_json(
        [str(binary()), "-p", prompt, "--model", model, *options],
        answer="result",
        home=home,
        environment={"ANTHROPIC_API_KEY": key, **way, **QUIET},
        timeout_s=TIMEOUT_S,
    )
