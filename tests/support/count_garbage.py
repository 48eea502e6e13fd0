"""An addon for tests, which stands beside ours: tells at every connection what a look for garbage would go through.

With GARBAGE_STAYS in the environment Python never looks by itself.
"""

import gc
import logging
import os
from typing import Final

from mitmproxy.connection import Client

from addons.engine.run import Run
from addons.engine.stream import ExchangeStream

logger = logging.getLogger(__name__)

STAYS: Final = "GARBAGE_STAYS"


class CountGarbage:
    """Objects, those that are left out, those that belong to exchanges, and how many full looks there were."""

    name = "count-garbage"

    def load(self, _: object) -> None:
        if os.environ.get(STAYS):
            gc.disable()

    def client_connected(self, client: Client) -> None:
        tracked = gc.get_objects()
        exchanges = sum(isinstance(one, ExchangeStream | Run) for one in tracked)
        full = gc.get_stats()[2]["collections"]
        logger.warning(
            "objects=%d left-out=%d exchanges=%d full=%d", len(tracked), gc.get_freeze_count(), exchanges, full
        )


addons = [CountGarbage()]
