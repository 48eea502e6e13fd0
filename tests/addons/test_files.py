from pathlib import Path

import pytest

from addons.files import write_private


def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    write_private(path, b"api-keys: []\n")
    assert path.read_bytes() == b"api-keys: []\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path) -> None:
    directory = tmp_path / "taken"
    directory.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_private(directory, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
