"""What the settings made: who may come in, whom to ask, and with what. Swapped as a whole when the config changes."""

from dataclasses import dataclass

from addons.access import Access
from addons.accounts import from_settings
from addons.accounts.state import MemoryState, PoolState
from addons.conduct import Conductors
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


@dataclass(slots=True)
class Current:
    """Where the serving of the moment is found."""

    serving: Serving


class Builder:
    """Makes a serving of settings. What outlives a change of the config is kept here: who rests, who waits, whose turn
    it is, which credential a session stays with.

    A pool is told by its name, and a credential by its id, so both may go and come back.
    """

    def __init__(self, sink: UsageSink) -> None:
        self._sink = sink
        self._states: dict[str, PoolState] = {}
        self._conductors: Conductors | None = None

    def build(self, settings: Settings) -> Serving:
        """A new serving. Those before it go on, with the same memory."""
        credentials = from_settings.credentials(settings)
        access, router = Access(settings.api_keys), Router(settings, credentials)
        for name in {credential.pool for credential in credentials} - self._states.keys():
            self._states[name] = MemoryState()
        pools = from_settings.pools(credentials, settings, self._states)
        self._conductors = Conductors(pools, settings, self._sink, before=self._conductors)
        return Serving(settings, access, router, self._conductors)
