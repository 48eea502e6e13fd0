"""No stream waits for us to look for garbage."""

from pathlib import Path
from typing import Final

from tests.support.config import config
from tests.support.proxy import Proxy
from tests.support.raw import ask

COUNT: Final = Path(__file__).parents[1] / "support" / "count_garbage.py"


def test_what_start_up_has_made_is_not_looked_through_for_garbage() -> None:
    with Proxy(config(), scripts=[COUNT]) as proxy:
        proxy.wait_for("no restart is needed")  # The last word of the start, where there are no keys.
        assert ask(f"{proxy.url}/healthz").status == 200
        counted = proxy.wait_for(r"looked-at=(\d+) left-out=(\d+)")
        assert int(counted[2]) > 50_000 > 5 * int(counted[1])
