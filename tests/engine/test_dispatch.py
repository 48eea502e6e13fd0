"""Cached hook dispatch calls whom mitmproxy would call, and treats exceptions alike."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mitmproxy import exceptions, hooks, http
from mitmproxy.addonmanager import Loader
from mitmproxy.addons.eventstore import EventStore
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.proxy.layers.http import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow

from addons.engine.dispatch import HookDispatch
from tests.engine.peers import ask, streams, upstream
from tests.engine.stage import confdir, played, proxy


class Says:
    """Notes that it was called."""

    def __init__(self, name: str, heard: list[str], children: list[Any] | None = None) -> None:
        self.name = name
        self.heard = heard
        if children is not None:
            self.addons = children

    def request(self, flow: http.HTTPFlow) -> None:
        self.heard.append(self.name)


class SaysLater(Says):
    async def request(self, flow: http.HTTPFlow) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.heard.append(self.name)


class Raises(Says):
    def __init__(self, name: str, heard: list[str], error: Exception, children: list[Any] | None = None) -> None:
        super().__init__(name, heard, children)
        self.error = error

    def request(self, flow: http.HTTPFlow) -> None:
        super().request(flow)
        raise self.error


@asynccontextmanager
async def master(cached: bool) -> AsyncIterator[Master]:
    made = Master(Options(confdir=confdir()))
    dispatch = HookDispatch(made.addons)
    if cached:
        dispatch.install()
    yield made
    if cached:
        dispatch.remove()
        assert "trigger_event" not in made.addons.__dict__
        assert "add" not in made.addons.__dict__
    await made.done()


async def heard_of(made: Master) -> None:
    await made.addons.handle_lifecycle(HttpRequestHook(tflow.tflow()))


def addons_of(heard: list[str]) -> list[Any]:
    """Every way to be called and to fail."""
    return [
        Says("parent", heard, [Says("child", heard, [SaysLater("grandchild", heard)])]),
        Raises("raises", heard, ValueError("of the test"), [Says("its child", heard)]),
        SaysLater("later", heard),
        Raises("halts", heard, exceptions.AddonHalt()),
        Says("never", heard),
    ]


@played
async def test_the_same_addons_are_called_in_the_same_order(caplog: pytest.LogCaptureFixture) -> None:
    results: list[list[str]] = []
    for cached in (False, True):
        heard: list[str] = []
        async with master(cached) as made:
            made.addons.add(*addons_of(heard))
            for _ in range(2):
                await heard_of(made)
        results.append(heard)
    assert results[0] == results[1]
    assert results[0][:6] == ["parent", "child", "grandchild", "raises", "later", "halts"]


@played
async def test_an_exception_is_logged_as_mitmproxy_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[tuple[str, int, str, list[str]]] = []
    for cached in (False, True):
        caplog.clear()
        async with master(cached) as made:
            made.addons.add(Raises("raises", [], ValueError("of the test")))
            await heard_of(made)
        [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert record.exc_info is not None
        frames = []
        traceback = record.exc_info[2]
        while traceback is not None:
            frames.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        seen.append((record.name, record.levelno, record.getMessage(), frames))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("cached", [False, True])
@played
async def test_an_options_error_is_raised(cached: bool) -> None:
    async with master(cached) as made:
        made.addons.add(Raises("raises", [], exceptions.OptionsError("of the test")))
        with pytest.raises(exceptions.OptionsError):
            await heard_of(made)


@pytest.mark.parametrize("cached", [False, True])
@played
async def test_a_handler_that_cannot_be_called_is_complained_of(cached: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Odd:
        name = "odd"
        request = 5

    heard: list[str] = []
    async with master(cached) as made:
        made.addons.add(Odd(), Says("next", heard))
        await heard_of(made)
    assert "not callable" in caplog.text
    assert heard == ["next"]


@played
async def test_addons_that_come_and_go_are_noticed() -> None:
    heard: list[str] = []
    async with master(cached=True) as made:
        await heard_of(made)
        late = Says("late", heard)
        made.addons.add(late)
        await heard_of(made)
        assert heard == ["late"]
        made.addons.remove(late)
        await heard_of(made)
        assert heard == ["late"]


@played
async def test_a_sub_addon_that_its_parent_registers_first_and_lists_afterwards_is_noticed() -> None:
    heard: list[str] = []

    class Asks:
        """Makes the dispatch look for listeners while it is being registered."""

        name = "asks"

        def load(self, loader: Loader) -> None:
            self.task = asyncio.get_running_loop().create_task(heard_of(loader.master))

        def request(self, flow: http.HTTPFlow) -> None:
            heard.append("sub")

    async with master(cached=True) as made:
        children: list[Any] = []
        made.addons.add(Says("parent", heard, children))
        sub = Asks()
        made.addons.register(sub)
        children.append(sub)
        await sub.task
        heard.clear()
        await heard_of(made)
        assert heard == ["parent", "sub"]


@played
async def test_the_update_hook_follows_a_flows_hook() -> None:
    updated: list[object] = []

    class Updates:
        name = "updates"

        def update(self, flows: list[object]) -> None:
            updated.extend(flows)

    async with master(cached=True) as made:
        made.addons.add(Updates())
        flow = tflow.tflow()
        await made.addons.handle_lifecycle(HttpResponseHook(flow))
        assert updated == [flow]
        await made.addons.trigger_event(hooks.UpdateHook([]))


@played
async def test_log_events_are_still_heard_by_those_who_listen() -> None:
    heard: list[str] = []

    class Listens:
        name = "listens"

        def add_log(self, entry: Any) -> None:
            heard.append(entry.msg)

    async with master(cached=True) as made:
        logging.getLogger("test").error("before")
        await asyncio.sleep(0)
        made.addons.add(Listens(), EventStore())
        logging.getLogger("test").error("after")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [line.split()[-1] for line in heard][-1:] == ["after"]
        assert not any("before" in line for line in heard)


@played
async def test_users_addons_see_an_exchange_whenever_they_were_added() -> None:
    seen: list[str] = []

    class Watches:
        def __init__(self, name: str) -> None:
            self.name = name

        def requestheaders(self, flow: http.HTTPFlow) -> None:
            seen.append(f"{self.name} requestheaders")

        async def request(self, flow: http.HTTPFlow) -> None:
            await asyncio.sleep(0)
            seen.append(f"{self.name} request")

        def responseheaders(self, flow: http.HTTPFlow) -> None:
            seen.append(f"{self.name} responseheaders")

        def response(self, flow: http.HTTPFlow) -> None:
            seen.append(f"{self.name} response")

    hooks_seen = ("requestheaders", "request", "responseheaders", "response")
    async with proxy(Watches("early")) as stage, upstream(streams(b"x")) as up:
        stage.conduct(up.request())
        await ask(stage.port)
        assert seen == [f"early {hook}" for hook in hooks_seen]
        seen.clear()
        late = Watches("late")
        stage.master.addons.add(late)
        stage.conduct(up.request())
        await ask(stage.port)
        assert seen == [f"{who} {hook}" for hook in hooks_seen for who in ("early", "late")]
        stage.master.addons.remove(late)
        seen.clear()
        stage.conduct(up.request())
        await ask(stage.port)
        assert seen == [f"early {hook}" for hook in hooks_seen]


@played
async def test_an_addon_may_change_what_the_client_gets() -> None:
    class Changes:
        name = "changes"

        def responseheaders(self, flow: http.HTTPFlow) -> None:
            assert flow.response is not None
            flow.response.headers["x-added"] = "1"
            flow.response.stream = lambda data: [data.upper(), b"", b"!" if data else b"(end)"]

    async with proxy(Changes()) as stage, upstream(streams(b"one")) as up:
        stage.conduct(up.request())
        reply = await ask(stage.port)
        assert reply.headers[b"x-added"] == b"1"
        assert reply.body == b"ONE!(end)"


@played
async def test_an_intercepted_exchange_goes_on_when_it_is_resumed() -> None:
    held: list[http.HTTPFlow] = []

    class Intercepts:
        name = "intercepts"

        def request(self, flow: http.HTTPFlow) -> None:
            flow.intercept()
            held.append(flow)

    async with proxy(Intercepts()) as stage, upstream(streams(b"x")) as up:
        conductor = stage.conduct(up.request())
        asking = asyncio.create_task(ask(stage.port))
        while not held:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert conductor.attempts == []
        held[0].resume()
        assert (await asking).body == b"x"
