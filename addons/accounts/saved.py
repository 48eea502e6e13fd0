"""Rests that outlive the process: `save-cooldown-status` of config.yaml, a file for each credential in auth-dir.

A thread of its own writes, so that the event loop never waits for a disk. It writes a credential's file whole, as
things are when it comes to it, so a hundred changes within a moment are one write.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from addons.accounts import rest_file
from addons.accounts.cooldown import Rest
from addons.accounts.masking import masked
from addons.accounts.state import PoolState
from addons.files import write_private

logger = logging.getLogger(__name__)

PAUSE_S: Final = 0.2
"""Between two rounds of writing: what changes meanwhile is written once."""
STOP_S: Final = 10.0
"""So long the end of the process waits for the disk."""

_PLAIN: Final = re.compile(r"[0-9A-Za-z-]{1,64}")


class SavedRests:
    """Keeps the rests of these pools in files. `states`: pool -> its state; it may grow, see start().

    Only files that this program wrote are ever changed or removed: others in the folder belong to CLIProxyAPI. (It is
    less careful: where it runs on the same folder and keeps its rests there too, it removes ours.)
    """

    def __init__(self, folder: Path, states: Mapping[str, PoolState], clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._states = states
        self._clock = clock
        self._watchers: dict[str, _Watcher] = {}
        self._changed: dict[tuple[str, str], PoolState] = {}  # pool and credential -> where it stands
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._failing = False

    def restore(self, now_s: float) -> None:
        """Reads what still rests into the states, and removes what has ended. Before start(): nothing is written."""
        foreign = 0
        for path in self._files():
            try:
                pool, credential, rests = rest_file.decode(path.read_bytes(), now_s)
            except rest_file.NotOurs:
                foreign += 1
                continue
            except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors.
                logger.warning("rests=%s can't be read and are left aside: %s", masked(path.name), error)
                continue
            if path != self._path(credential):
                logger.warning("rests=%s belong to a file of another name and are left aside", masked(path.name))
            elif not rests:
                self._remove(path)
            elif pool in self._states:  # Else it may come back to the config.
                for about, rest in rests.items():
                    self._states[pool].rest(credential, about, rest)
        if foreign:
            logger.info("rests=%s: %s files of other programs are left aside", self._folder, foreign)

    def start(self) -> None:
        """From now on changes are written. To be called again when there are new pools."""
        for pool, state in self._states.items():
            watcher = self._watchers.get(pool)
            if watcher is None or watcher.state is not state:
                self._watchers[pool] = watcher = _Watcher(pool, state, self._note)
                state.watch(watcher)
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="saved-rests", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Writes what is left, and ends."""
        if self._thread is None:
            return
        self._stopping.set()
        with self._news:
            self._news.notify()
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            logger.warning("rests=%s: the disk is too slow, the last changes may be missing", self._folder)
        self._thread = None
        self._watchers.clear()

    def _note(self, pool: str, credential: str, state: PoolState) -> None:
        with self._news:
            self._changed[pool, credential] = state
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._changed and not self._stopping.is_set():
                    self._news.wait()
                changed, self._changed = self._changed, {}
            if not changed:
                return
            for (pool, credential), state in changed.items():
                self._write(pool, credential, _resting(state, credential, self._clock()))
            self._stopping.wait(PAUSE_S)

    def _write(self, pool: str, credential: str, rests: Mapping[str, Rest]) -> None:
        path = self._path(credential)
        try:
            if rests:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_private(path, rest_file.encode(pool, credential, rests, self._clock()))
            else:
                path.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            if not self._failing:  # Once, not for each credential.
                logger.warning("rests=%s can't be written, so they end with this process: %s", self._folder, error)
            self._failing = True
        else:
            self._failing = False

    def _path(self, credential: str) -> Path:
        plain = credential if _PLAIN.fullmatch(credential) else hashlib.sha256(credential.encode()).hexdigest()[:32]
        return self._folder / f"{rest_file.OURS}-{plain}.cds"

    def _files(self) -> Iterator[Path]:
        try:
            yield from sorted(self._folder.glob("*.cds"))
        except OSError as error:
            logger.warning("rests=%s can't be read: %s", self._folder, error)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("rests=%s have ended, but their file can't be removed: %s", path.name, error)


def _resting(state: PoolState, credential: str, now_s: float) -> Mapping[str, Rest]:
    """What rests of it. A copy made in one step comes first: the event loop goes on changing the state."""
    known = dict(state.rests(credential))
    return {about: rest for about, rest in known.items() if rest.until_s > now_s}


class _Watcher:
    """Hears of the rests of one pool. Only names are noted: this is called within a pick."""

    def __init__(self, pool: str, state: PoolState, note: Callable[[str, str, PoolState], None]) -> None:
        self.state: Final = state
        self._pool = pool
        self._note = note

    def rested(self, credential: str, about: str, rest: Rest | None) -> None:  # noqa: ARG002 - see state.Watcher
        self._note(self._pool, credential, self.state)

    def filled(self, credential: str, full: bool) -> None:
        """Leases do not outlive the process."""
