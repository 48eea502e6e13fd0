"""Files that hold secrets."""

import os
import stat
import tempfile
import time
from glob import escape
from pathlib import Path
from typing import Final

LEFT_BEHIND_S: Final = 60.0
"""A temporary file of this age belongs to a writer that was killed."""


def write_private(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all, for its owner only. A kill leaves the old file or the new one.

    A link stays a link: what it points to is written. The owner stays, and so does a mode that allows less than 0600.
    Raises OSError.
    """
    target = path.resolve()
    _sweep(target)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            _take_after(target, file.fileno())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _take_after(target: Path, descriptor: int) -> None:
    """Gives the new file the owner of the old one, and its mode where that is stricter."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    if os.name == "nt":  # It has neither owners nor modes of this kind.
        return
    if old.st_uid != os.geteuid():
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o600)


def _sweep(target: Path) -> None:
    """Removes what killed writers left: it holds secrets."""
    oldest_s = time.time() - LEFT_BEHIND_S
    for left in target.parent.glob(f".{escape(target.name)}.*.tmp"):
        try:
            if left.stat().st_mtime < oldest_s:
                left.unlink()
        except (FileNotFoundError, PermissionError):  # Its writer has just finished; or it is not ours to remove.
            continue


def _sync_folder(folder: Path) -> None:
    """The new name is on the disk too."""
    if os.name == "nt":  # A folder can't be opened there.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
