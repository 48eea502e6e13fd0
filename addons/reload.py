"""Edits of config.yaml while the gateway runs: noticed, read when they are whole, checked off the event loop."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from addons.serving import Builder, Current
from addons.settings import Loaded, Note, Settings, SettingsError, checks, load
from addons.settings.difference import difference, needs_restart
from addons.settings.values import is_loopback

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5
QUIET_S: Final = 0.15
"""An edit is over when the file has not changed for so long. Source: CLIProxyAPI."""

GONE_S: Final = 1.0
"""A file that is gone, or empty, for longer is not just being written anew. Source: CLIProxyAPI."""

PATIENCE_S: Final = 2.0
"""A file that never comes to rest is read as it is."""

SHOWN_PATHS: Final = 12


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file does. The whole is None where there is no file, or nothing in it."""

    device: int
    inode: int
    size: int
    changed_ns: int
    modified_ns: int


def stamp_of(path: Path) -> Stamp | None:
    """Of the file that the path leads to, links followed."""
    try:
        found = path.stat()
    except OSError:  # There is none, or its folder is being replaced.
        return None
    if not found.st_size:
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns, found.st_mtime_ns)


class ConfigFile:
    """A config on the disk: read at the start, then followed.

    The stamp is taken before the file is read: an edit in between is noticed afterwards.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp | None = None
        self._digest: bytes | None = None

    def read(self) -> Loaded:
        """The settings at the start. Raises SettingsError."""
        self._stamp = stamp_of(self.path)
        self._digest = _digest(self.path)
        return load(self.path)

    async def changes(self) -> AsyncIterator[Loaded | SettingsError]:
        """What each new content of the file means, or what is wrong with it; without end."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if stamp_of(self.path) == self._stamp:
                continue
            self._stamp = await self._at_rest()
            if self._stamp is None:
                logger.warning("%s is gone or empty: the settings stay as they are", self.path)
                continue
            found = await asyncio.to_thread(self._read_if_new)
            if found is not None:
                yield found

    async def _at_rest(self) -> Stamp | None:
        """The file's stamp once nobody writes it any more; None where it stays away."""
        clock = asyncio.get_running_loop().time
        deadline_s = clock() + PATIENCE_S
        seen, since_s = stamp_of(self.path), clock()
        while clock() < deadline_s:
            await asyncio.sleep(QUIET_S / 3)
            stamp = stamp_of(self.path)
            if stamp != seen:
                seen, since_s = stamp, clock()
            elif clock() - since_s >= (QUIET_S if seen is not None else GONE_S):
                return seen
        return seen

    def _read_if_new(self) -> Loaded | SettingsError | None:
        """None where the content is what it was: somebody saved without a change, or only touched the file."""
        digest = _digest(self.path)
        if digest is not None and digest == self._digest:
            return None
        self._digest = digest
        try:
            return load(self.path)
        except SettingsError as error:
            return error


class Reloader:
    """Puts a changed config into force: the next request is served by it, those that run keep what they have.

    `on_debug` is called with the new value where `debug` changes. `intercepts`: whether the HTTPS proxy listens, which
    it does not wherever it was meant to.
    """

    def __init__(
        self,
        file: ConfigFile,
        first: Loaded,
        builder: Builder,
        current: Current,
        on_debug: Callable[[bool], None],
        intercepts: Callable[[], bool],
    ) -> None:
        self._file = file
        self._started = first.settings
        self._notes = frozenset(first.notes)
        self._builder = builder
        self._current = current
        self._on_debug = on_debug
        self._intercepts = intercepts

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                async for found in self._file.changes():
                    await self._take(found)
            except Exception:  # A config that we stumble over must not end the watch.
                logger.exception("%s could not be put into force: the settings stay as they are", self._file.path)

    async def _take(self, found: Loaded | SettingsError) -> None:
        if isinstance(found, SettingsError):
            self._refuse(str(found))
        elif problem := self._exposure(found.settings) or self._circle(found.settings):
            self._refuse(f"{self._file.path}: {problem}")
        else:
            await self._apply(found)

    def _refuse(self, reasons: str) -> None:
        logger.error("%s\nThe config was not taken: the settings stay as they were.", reasons)

    async def _apply(self, found: Loaded) -> None:
        old, new = self._current.serving.settings, found.settings
        changed = await asyncio.to_thread(difference, old, new)  # 50 ms with a thousand keys.
        if changed:
            self._current.serving = self._builder.build(new)
            if old.debug != new.debug:
                self._on_debug(new.debug)
        log_notes([note for note in found.notes if note not in self._notes])
        self._notes = frozenset(found.notes)
        logger.info("%s was taken: %s", self._file.path, named(changed) or "nothing is different")
        waiting = [path for path in needs_restart(difference(self._started, new)) if path in changed]
        if waiting:
            logger.warning("%s: needs a restart; the gateway listens as before until then", ", ".join(waiting))

    def _exposure(self, settings: Settings) -> str | None:
        """The listener stays where it is until a restart: without client keys it would be open to others."""
        if settings.api_keys or is_loopback(self._started.host):
            return None
        return f"api-keys: holds no client key, but others reach {self._started.host} until a restart"

    def _circle(self, settings: Settings) -> str | None:
        """The same of addresses: those that were checked are not where it listens until then."""
        listeners = (self._started, self._started.intercept) if self._intercepts() else (self._started,)
        for listener in listeners:
            for location in checks.circles(settings, listener):
                return (
                    f"{location[-1]}: leads to port {listener.port}, where this gateway itself listens until a restart"
                )
        return None


def named(paths: Sequence[str]) -> str:
    """As many as fit into a line."""
    more = len(paths) - SHOWN_PATHS
    return ", ".join(paths[:SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")


def log_notes(notes: Sequence[Note]) -> None:
    """A line each."""
    for note in notes:
        logger.log(logging.WARNING if note.warning else logging.INFO, "%s", note)


def _digest(path: Path) -> bytes | None:
    """None where it can't be read; load() says why."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None
