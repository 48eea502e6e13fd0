"""An addon for tests, which stands beside ours: what a full garbage collection looks through, at every connection."""

import gc
import logging

from mitmproxy.connection import Client

logger = logging.getLogger(__name__)


class CountGarbage:
    """How many objects it would look at, and how many it leaves out."""

    name = "count-garbage"

    def client_connected(self, client: Client) -> None:
        logger.warning("looked-at=%d left-out=%d", len(gc.get_objects()), gc.get_freeze_count())


addons = [CountGarbage()]
