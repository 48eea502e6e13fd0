"""An addon for mitmproxy, beside ours: ends it once nobody uses it any more.

Each program that scripts/with starts has the file open, with a shared lock on it, and so do the programs that it starts
in turn; the kernel takes the lock off when the last of them ends, however that comes about. Who comes in the meantime
waits for this process to end, since it keeps its own lock until then, and then starts another.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread, Timer
from typing import Final

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

from scripts.with_proxy import OPTION

LAST_MOMENT_S: Final = 10.0


class UntilUnused:
    """Waits for the lock in a thread of its own: the kernel has no other way to tell."""

    name = "cliproxy-until-unused"

    def load(self, loader: Loader) -> None:
        """The hook."""
        loader.add_option(OPTION, str, "", "Ends with the last program that holds a lock on this file.")

    def running(self) -> None:
        """The hook."""
        loop = asyncio.get_running_loop()
        end = ctx.master.shutdown
        file = Path(getattr(ctx.options, OPTION))
        Thread(target=wait, args=(file, lambda: loop.call_soon_threadsafe(end)), daemon=True).start()


def wait(file: Path, end: Callable[[], object]) -> None:
    """Returns once nobody else holds a lock on the file, having asked for the end."""
    descriptor = os.open(file, os.O_RDWR)  # Stays open: the lock is let go of with the process.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    hard = Timer(LAST_MOMENT_S, os._exit, [1])
    hard.daemon = True
    hard.start()
    end()


addons = [UntilUnused()]
