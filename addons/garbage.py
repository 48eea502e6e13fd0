"""When Python looks for garbage: every look stops all streams for as long as it takes.

An exchange leaves none. What is left are connections that have closed, which hold themselves: mitmproxy's layers know
each other. Those that lived long are found by full looks only, which come while nobody waits, or when there are many.
"""

import gc
from typing import Final

THRESHOLDS: Final = (2000, 3, 30)
"""Small looks, often: one at what 6,000 objects came to takes 1 to 5 ms, with Python's own (2000, 10, 10) three times
that. Full ones, at all connections and flows that there are (20 to 50 ms where these are hundreds), are as rare as with
Python's own."""

MANY_KB: Final = 2 << 10
"""Closed connections are looked for at once when they hold so much, and as much as the open ones."""
FEW_KB: Final = 512
"""And while nobody waits when they hold so much."""
TLS_KB: Final = 110
PLAIN_KB: Final = 20
"""What one of them holds, measured."""

_PYTHONS: Final = gc.get_threshold()


class Garbage:
    """Of this process. Until it is settled nothing is changed."""

    def __init__(self) -> None:
        self._settled = False
        self._held_kb = 0

    def settle(self) -> None:
        """Start-up is over. What it has made stays: looking through it would take 0.1 s."""
        self._settled = True
        gc.freeze()
        self._look()  # Python waits for garbage a quarter as large as what it found alive: next to nothing, now.
        gc.set_threshold(*THRESHOLDS)

    def closed(self, *, tls: bool, still_open: int) -> None:
        """A client's connection is no more, so many others are."""
        self._held_kb += TLS_KB if tls else PLAIN_KB
        if self._settled and self._held_kb >= max(MANY_KB, still_open * PLAIN_KB):
            self._look()

    def idle(self) -> None:
        """Nobody waits for anything just now."""
        if self._settled and (self._held_kb >= FEW_KB or gc.get_count()[2]):
            self._look()

    def unsettle(self) -> None:
        """As Python does it by itself."""
        self._settled = False
        gc.set_threshold(*_PYTHONS)
        gc.unfreeze()

    def _look(self) -> None:
        self._held_kb = 0
        gc.collect()
