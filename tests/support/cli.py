"""Real clients' programs, run once without a person."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.npm import package


@dataclass(frozen=True, slots=True)
class Finished:
    """How one that speaks JSON ended. `said` is its last answer."""

    exit_code: int
    said: str
    output: dict[str, Any]
    complaints: str


def native(name: str, version: str, pattern: str) -> Path:
    """The program of this platform in an npm package; `pattern`: where it stands beside the package. The package's own
    command only starts it, or needs an install script, which is not run."""
    folder = package(name, version)
    found = [path for path in folder.parent.glob(pattern) if os.access(path, os.X_OK)]
    assert len(found) == 1, f"no single native program of {name} in {folder.parent}"
    return found[0]


def run_json(
    command: Sequence[str], *, answer: str, home: Path, environment: Mapping[str, str], timeout_s: float
) -> Finished:
    """`answer`: the key under which it stands in what the program writes. `home` is also where it works."""
    done = subprocess.run(
        command,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.stdout, f"{command[0]} said nothing (exit {done.returncode}): {done.stderr}"
    output = json.loads(done.stdout)
    return Finished(done.returncode, str(output.get(answer)), output, done.stderr)
