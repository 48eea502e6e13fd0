import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from addons.files import write_private

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = 40
LONGEST_S: Final = 0.02

WRITER: Final = """
import sys
from pathlib import Path
from addons.files import write_private

path = Path(sys.argv[1])
print("ready", flush=True)
for number in range(10**9):
    letter = b"ab"[number % 2 : number % 2 + 1]
    write_private(path, letter * 100_000 + b"end")
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    write_private(path, b"api-keys: []\n")
    assert path.read_bytes() == b"api-keys: []\n"
    assert mode(path) == 0o600


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o660, 0o600), (0o400, 0o400)])
def test_the_mode_becomes_private_and_stays_stricter(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    path.chmod(before)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == after


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_stays_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    os.chown(path, 4711, 4712)
    write_private(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (4711, 4712)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "real.yaml").write_bytes(b"old")
    link = tmp_path / "config.yaml"
    link.symlink_to("there/real.yaml")
    write_private(link, b"new")
    assert link.is_symlink()
    assert (there / "real.yaml").read_bytes() == b"new"


def test_a_link_to_a_file_that_is_not_there_yet_is_filled(tmp_path: Path) -> None:
    link = tmp_path / "config.yaml"
    link.symlink_to("real.yaml")
    write_private(link, b"new")
    assert (tmp_path / "real.yaml").read_bytes() == b"new"


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path) -> None:
    directory = tmp_path / "taken"
    directory.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_private(directory, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_what_a_killed_writer_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, fresh, other = (tmp_path / name for name in (".a[1].x1.tmp", ".a[1].x2.tmp", ".a1.x3.tmp"))
    for left in (old, fresh, other):
        left.write_bytes(b"secret")
    for left in (old, other):
        os.utime(left, (time.time() - 3600, time.time() - 3600))
    write_private(tmp_path / "a[1]", b"new")
    assert [left.exists() for left in (old, fresh, other)] == [False, True, True]


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    write_private(path, b"a" * 100_000 + b"end")
    seen = set()
    chance = random.Random(4711)
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            try:
                writer.wait(chance.uniform(0, LONGEST_S))
            except subprocess.TimeoutExpired:
                writer.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert data in (b"a" * 100_000 + b"end", b"b" * 100_000 + b"end")
        seen.add(data)
    assert len(seen) == 2
    for left in tmp_path.glob(".*.tmp"):
        os.utime(left, (0, 0))
    write_private(path, b"end")
    assert [left.name for left in tmp_path.iterdir()] == ["config.yaml"]
