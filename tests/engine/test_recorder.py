"""Attempts as flows of their own, and the bound on what a view keeps."""

from pathlib import Path

import pytest
from mitmproxy import flow, http, io
from mitmproxy.addons.view import View
from mitmproxy.net import encoding
from mitmproxy.test import tflow

from addons.engine.recorder import FAILED_MARK, GOOD_MARK, PARENT
from addons.engine.viewcap import ViewCap
from addons.exchange import SECRETS, Answer
from tests.engine.peers import ask, replies, streams, upstream, whole
from tests.engine.stage import Stage, played, proxy
from tests.support.ports import free_port


def attempts_in(view: View, parent: http.HTTPFlow) -> list[http.HTTPFlow]:
    return [
        one for one in view._store.values() if isinstance(one, http.HTTPFlow) and one.metadata.get(PARENT) == parent.id
    ]


@played
async def test_each_attempt_is_a_flow_linked_to_the_clients() -> None:
    view = View()
    async with (
        proxy(view) as stage,
        upstream(replies(whole(429, b"slow down"))) as busy,
        upstream(streams(b"a", b"b")) as up,
    ):
        stage.conduct(busy.request(), busy.request(port=free_port()), up.request())
        await ask(stage.port)
        [parent] = stage.flows
        refused, unreachable, good = attempts_in(view, parent)

        assert refused.response is not None
        assert (refused.response.status_code, refused.response.content) == (429, b"slow down")
        assert (refused.marked, refused.comment) == (FAILED_MARK, f"{parent.id[:8]} #1 status 429")
        assert unreachable.response is None
        assert unreachable.error is not None
        assert "no connection" in unreachable.error.msg
        assert good.response is not None
        assert (good.response.content, good.marked) == (b"ab", GOOD_MARK)
        assert good.request.content == b'{"q": 1}'
        assert good.request.pretty_url == f"http://127.0.0.1:{up.port}/v1/up"
        for one in (refused, unreachable, good):
            assert one.request.headers["authorization"] == "***"
            assert one.request.headers["content-type"] == "application/json"
            assert not one.live

        assert parent.response is not None
        assert parent.response.content == b"ab"
        assert parent.request.content == b'{"model": "m"}'


@played
async def test_a_credential_is_on_no_flow(tmp_path: Path) -> None:
    view = View()
    async with proxy(view) as stage, upstream(streams(b"x")) as up:
        stage.conduct(up.request(headers=((b"X-Api-Key", b"test-key-1"),)), up.request())
        await ask(stage.port)
        assert up.requests[0].headers[b"x-api-key"] == b"test-key-1"
        for one in view._store.values():
            assert "test-key-1" not in str(one.get_state())


@played
async def test_a_credential_that_the_upstream_repeats_is_on_no_flow() -> None:
    secrets = ((b"authorization", b"Bearer test-key-1"), (b"x-team", b"test-header-secret-1"), (b"x-short", b"1"))
    body = b"test-key-1 and 1, test-header-secret-1."
    said = b"HTTP/1.1 429 No\r\nx-echo: test-key-1\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    view = View()
    async with proxy(view) as stage, upstream(replies(said)) as up:
        named = SECRETS | {b"x-team", b"x-short"}
        stage.conduct(up.request(headers=secrets, secrets=named))
        await ask(stage.port)
        [parent] = stage.flows
        [attempt] = attempts_in(view, parent)
    assert attempt.response is not None
    assert attempt.response.headers["x-echo"] == "***"
    assert attempt.response.content == b"*** and 1, ***."


@played
@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
async def test_a_credential_is_found_in_an_encoded_body(coding: str) -> None:
    body = encoding.encode(b"no such key: test-key-1", coding)
    said = b"HTTP/1.1 401 No\r\ncontent-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (coding.encode(), len(body))
    view = View()
    async with proxy(view) as stage, upstream(replies(said + body)) as up:
        stage.conduct(up.request(headers=((b"x-api-key", b"test-key-1"),)))
        await ask(stage.port)
        [parent] = stage.flows
        [attempt] = attempts_in(view, parent)
    assert attempt.response is not None
    assert attempt.response.content == b"no such key: ***"


@played
async def test_attempts_are_saved_with_the_flows(tmp_path: Path) -> None:
    saved = tmp_path / "flows"
    async with proxy(save_stream_file=str(saved)) as stage, upstream(streams(b"one")) as up:
        stage.conduct(up.request())
        await ask(stage.port)
    with saved.open("rb") as file:
        flows = list(io.FlowReader(file).stream())
    assert len(flows) == 2
    attempt, parent = sorted(flows, key=lambda one: PARENT not in one.metadata)
    assert isinstance(attempt, http.HTTPFlow)
    assert isinstance(parent, http.HTTPFlow)
    assert attempt.metadata[PARENT] == parent.id
    for one in (attempt, parent):
        assert one.response is not None
        assert one.response.content == b"one"


@played
async def test_where_nobody_can_look_nothing_is_kept() -> None:
    async with proxy() as stage, upstream(streams(b"one")) as up:
        stage.conduct(up.request())
        await ask(stage.port)
        assert stage.flows[0].response is not None
        assert stage.flows[0].response.content is None


def shown(view: View) -> list[flow.Flow]:
    return list(view._store.values())


async def capped(stage: Stage, cap: ViewCap, count: int, body: bytes = b"") -> list[http.HTTPFlow]:
    view = stage.master.addons.get("view")
    flows = [tflow.tflow(resp=True) for _ in range(count)]
    for one in flows:
        assert one.response is not None
        one.response.content, one.request.content, one.live = body, b"", False
        view.add([one])
        cap.note(one)
    return flows


@played
async def test_the_view_keeps_the_newest_flows() -> None:
    async with proxy(View()) as stage:
        flows = await capped(stage, ViewCap(max_flows=3), 5)
        assert shown(stage.master.addons.get("view")) == flows[2:]


@played
async def test_the_view_keeps_so_many_bytes_of_bodies() -> None:
    async with proxy(View()) as stage:
        flows = await capped(stage, ViewCap(max_body_bytes=250), 5, b"x" * 100)
        assert shown(stage.master.addons.get("view")) == flows[3:]


@played
async def test_what_a_person_marked_stays_and_an_attempt_does_not() -> None:
    async with proxy(View()) as stage:
        view, cap = stage.master.addons.get("view"), ViewCap(max_flows=3)
        marked, failed, good = await capped(stage, cap, 3)
        marked.marked = ":star:"
        failed.marked, failed.metadata[PARENT] = FAILED_MARK, "x"
        good.marked, good.metadata[PARENT] = GOOD_MARK, "x"
        newest = await capped(stage, cap, 3)
        assert shown(view) == [marked, *newest]


@played
async def test_a_live_flow_stays_until_it_is_finished() -> None:
    async with proxy(View()) as stage:
        view, cap = stage.master.addons.get("view"), ViewCap(max_flows=1)
        [live] = await capped(stage, cap, 1)
        live.live = True
        await capped(stage, cap, 1)
        assert live in shown(view)
        live.live = False
        [newest] = await capped(stage, cap, 1)
        assert shown(view) == [newest]


@played
async def test_the_cap_is_there_with_a_view_and_counts_exchanges_and_their_attempts() -> None:
    view = View()
    async with proxy(view) as stage, upstream(streams(b"x")) as up:
        cap = stage.master.addons.get("cliproxy-view-cap")
        cap._max_flows = 4
        for _ in range(5):
            stage.conduct(up.request())
            await ask(stage.port)
        assert len(view) == 4


@played
async def test_without_a_view_there_is_no_cap() -> None:
    async with proxy() as stage:
        stage.conduct(Answer(200, (), b"", b""))
        await ask(stage.port)
        assert stage.master.addons.get("cliproxy-view-cap") is None


def test_sizes_count_bodies_and_messages() -> None:
    from addons.engine.viewcap import body_bytes

    assert body_bytes(tflow.tflow(resp=True)) == len(b"content") + len(b"message")
    assert body_bytes(tflow.ttcpflow()) == len(b"hello") + len(b"it's me")
    assert body_bytes(tflow.twebsocketflow()) > 0
    assert body_bytes(tflow.tdnsflow()) == 0


@pytest.mark.parametrize("hook", ["response", "error", "tcp_end", "udp_error", "dns_response", "websocket_end"])
def test_the_cap_hears_the_end_of_every_kind_of_flow(hook: str) -> None:
    assert callable(getattr(ViewCap, hook))
