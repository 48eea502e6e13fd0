"""Simulated vendors in a thread with its own event loop, for code that does not know asyncio."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Protocol


class Listening(Protocol):
    """A vendor, or a part of one."""

    @property
    def failures(self) -> list[Exception]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Running:
    """The thread. `call(vendor.cancelled.wait())` runs something in its loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, name="vendors", daemon=True)
        self._thread.start()

    def call[T](self, work: Coroutine[Any, Any, T], timeout_s: float = 10.0) -> T:
        """What it gives, awaited there. Raises TimeoutError."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def stop(self) -> None:
        """Ends the loop and the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@contextmanager
def running(*vendors: Listening) -> Iterator[Running]:
    """The vendors listen while this is open. Raises what went wrong inside them."""
    thread = Running()
    try:
        for vendor in vendors:
            thread.call(vendor.start())
        yield thread
        failures = [failure for vendor in vendors for failure in vendor.failures]
        if failures:
            raise ExceptionGroup("a simulated vendor failed", failures)
    finally:
        for vendor in vendors:
            thread.call(vendor.stop())
        thread.stop()
