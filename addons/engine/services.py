"""What the streams of all connections share."""

from dataclasses import dataclass

from addons.engine.dispatch import HookDispatch
from addons.engine.recorder import Recorder
from addons.engine.timers import Timers


@dataclass(frozen=True, slots=True)
class Services:
    """Made by the engine's addon, handed to each HTTP layer."""

    timers: Timers
    recorder: Recorder
    hooks: HookDispatch
