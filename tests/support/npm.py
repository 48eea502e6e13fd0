"""Client programs from npm, in a folder of the checkout that git does not see."""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[2] / ".node"
INSTALL_TIMEOUT_S: Final = 600


def package(name: str, version: str) -> Path:
    """The folder of the package, installed first where it is not there. Its scripts are not run.

    Each has a place of its own: npm removes what it has not been asked for this time.
    """
    place = FOLDER / name.rpartition("/")[2]
    folder = place / "node_modules" / name
    if _version(folder) != version:
        place.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--ignore-scripts",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(place),
        ]
        try:
            done = subprocess.run(
                [*command, f"{name}@{version}"], capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
            )
        except FileNotFoundError:
            pytest.skip("npm is not installed")
        assert done.returncode == 0, done.stderr
    return folder


def _version(folder: Path) -> str | None:
    try:
        manifest = json.loads((folder / "package.json").read_text())
    except FileNotFoundError:
        return None
    return str(manifest["version"])
