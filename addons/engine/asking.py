"""What the conductor is asked, and the waits that it wants: each ends in a signal to the stream."""

import asyncio
from typing import TYPE_CHECKING

from addons.engine.timers import Reason, Timers
from addons.exchange import Conductor, Step

if TYPE_CHECKING:
    from addons.engine.stream import ExchangeStream


class Asking:
    """Of one exchange."""

    def __init__(self, conductor: Conductor, stream: "ExchangeStream", timers: Timers) -> None:
        self._conductor = conductor
        self._stream = stream
        self._timers = timers
        self._decision: asyncio.Task[Step] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> Step | None:
        """What to do next. Mostly the conductor knows at once: its first part runs here and now, like every eager task.
        None: DECIDED comes."""
        self._decision = asyncio.Task(self._conductor.next(), loop=asyncio.get_running_loop(), eager_start=True)
        step = self.decided()
        if step is None:
            self._decision.add_done_callback(self._tell)
        return step

    def decided(self) -> Step | None:
        """What it has decided, once; None where it has not."""
        decision = self._decision
        if decision is None or not decision.done():
            return None
        self._decision = None
        return decision.result()

    def wait(self, seconds: float) -> None:
        """WAITED comes."""
        self._timer = self._timers.after(seconds, self._stream, Reason.WAITED)

    def cancel(self) -> None:
        """Nothing comes any more."""
        if self._decision is not None:
            self._decision.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self, decision: asyncio.Task[Step]) -> None:
        if not decision.cancelled():
            self._timers.signal(self._stream, Reason.DECIDED)
