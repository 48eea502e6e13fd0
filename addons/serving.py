"""What the settings made: who may come in, whom to ask, and with what. Swapped as a whole when the config changes."""

from dataclasses import dataclass

from addons.access import Access
from addons.conduct import Conductors
from addons.route import Router
from addons.settings import Settings


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
