"""What the settings made: who may come in, whom to ask, and with what. Swapped as a whole when the config changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from addons.access import Access
from addons.accounts import from_settings
from addons.accounts.saved import SavedRests
from addons.accounts.state import MemoryState, PoolState
from addons.conduct import Conductors
from addons.intercept_table import HostTable, ModelMap, listed_hosts
from addons.route import Router
from addons.settings import Settings
from addons.usage.record import UsageSink


@dataclass(frozen=True, slots=True)
class Serving:
    """One state of the config, built. A request takes it once and keeps it to its end."""

    settings: Settings
    access: Access
    router: Router
    conductors: Conductors
    hosts: HostTable
    models: ModelMap


@dataclass(slots=True)
class Current:
    """Where the serving of the moment is found."""

    serving: Serving


class Builder:
    """Makes a serving of settings. What outlives a change of the config is kept here: who rests, who waits, whose turn
    it is, which credential a session stays with.

    A pool is told by its name, and a credential by its id, so both may go and come back.
    """

    def __init__(self, sink: UsageSink, clock: Callable[[], float] = time.time) -> None:
        self._sink = sink
        self._clock = clock
        self._states: dict[str, PoolState] = {}
        self._conductors: Conductors | None = None
        self._folder: Path | None = None
        self._saved: SavedRests | None = None

    def build(self, settings: Settings) -> Serving:
        """A new serving. Those before it go on, with the same memory."""
        credentials = from_settings.credentials(settings)
        access, router = Access(settings.api_keys), Router(settings, credentials)
        for name in {credential.pool for credential in credentials} - self._states.keys():
            self._states[name] = MemoryState()
        self._save_rests(settings)
        pools = from_settings.pools(credentials, settings, self._states)
        for pool in pools.values():
            pool.serve(self._clock())  # Those in line may be served under the new limits.
        self._conductors = Conductors(pools, settings, self._sink, self._clock, before=self._conductors)
        hosts, models = HostTable(listed_hosts(settings.intercept)), ModelMap(settings.intercept.models)
        return Serving(settings, access, router, self._conductors, hosts, models)

    def close(self) -> None:
        """The process ends: what rests is on the disk afterwards, where it is to be kept."""
        if self._saved is not None:
            self._saved.stop()

    def _save_rests(self, settings: Settings) -> None:
        """Those of an earlier process come back at the start; a folder that is named later is only written to."""
        folder = Path(settings.auth_dir).expanduser() if settings.save_cooldown_status else None
        if folder != self._folder:
            self.close()
            self._saved = None if folder is None else SavedRests(folder, self._states)
            self._folder = folder
            if self._saved is not None and self._conductors is None:
                self._saved.restore(self._clock())
        if self._saved is not None:
            self._saved.start()
