"""scripts/test, over a small tree of tests instead of ours."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
STARTING: Final = "tests/e2e/test_starting.py"
COMPUTING: Final = "tests/addons/test_computing.py"
PASSES: Final = "def test_it() -> None:\n    assert True\n"
FAILS: Final = "def test_it() -> None:\n    assert False\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script with what it sources; the checks before it find nothing to say."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("test", "env.sh"):
        shutil.copy2(ROOT / "scripts" / name, scripts / name)
    check = scripts / "check"
    check.write_text("#!/bin/sh\n")
    check.chmod(0o755)
    for folder in ("e2e", "engine", "scripts", "addons"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    for lock in ("requirements.lock", "tests/requirements.lock"):
        shutil.copy2(ROOT / lock, tmp_path / lock)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.mark.parametrize("failing", [set(), {STARTING}, {COMPUTING}, {STARTING, COMPUTING}])
def test_its_exit_status_tells_whether_a_test_failed_and_its_end_names_which(checkout: Path, failing: set[str]) -> None:
    for path in (STARTING, COMPUTING):
        (checkout / path).write_text(FAILS if path in failing else PASSES)
    done = subprocess.run([checkout / "scripts" / "test"], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode != 0) == bool(failing), done.stdout + done.stderr
    *before, starting, computing = done.stdout.splitlines()
    counts = ["1 failed" if path in failing else "1 passed" for path in (STARTING, COMPUTING)]
    assert [line.strip("= ").split(",")[0].split(" in ")[0] for line in (starting, computing)] == counts
    named = {
        line.split()[1].split("::")[0] for line in before[len(before) - len(failing) :] if line.startswith("FAILED ")
    }
    assert named == failing
