"""The real Gemini CLI, run once without a person, in a home of its own."""

import json
import os
import subprocess
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
    "security": {"auth": {"selectedType": "gemini-api-key"}},
}


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `said` is its last answer."""

    exit_code: int
    said: str
    output: dict[str, Any]
    complaints: str


def run(prompt: str, *, gateway: str, key: str, model: str, home: Path) -> Finished:
    """One prompt. `home` is also where it works."""
    settings = home / ".gemini" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps(SETTINGS))
    program = package(PACKAGE, VERSION) / "bundle" / "gemini.js"
    done = subprocess.run(
        ["node", str(program), "-p", prompt, "-m", model, "--yolo", "--skip-trust", "-o", "json"],
        cwd=home,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GOOGLE_GEMINI_BASE_URL": gateway,
            "GEMINI_API_KEY": key,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.stdout, f"gemini said nothing (exit {done.returncode}): {done.stderr}"
    output = json.loads(done.stdout)
    return Finished(done.returncode, str(output.get("response")), output, done.stderr)
