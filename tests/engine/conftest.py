"""What several files of the engine's tests share."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
import uvloop

from scripts.start import tolerant
from tests.engine.stage import loops


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def any_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test runs in both of the loops that the product runs in, uvloop as scripts/run sets it up."""
    make_loop: Callable[[], asyncio.AbstractEventLoop] = request.param
    if make_loop is uvloop.new_event_loop:
        monkeypatch.setattr(asyncio, "eager_task_factory", tolerant(asyncio.eager_task_factory))
    loops.append(make_loop)
    yield
    loops.pop()
