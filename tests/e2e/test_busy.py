"""Keys that take one request at a time, and clients that wait for them."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from tests.support.config import CLIENT_KEY, compatible, config
from tests.support.proxy import Proxy
from tests.support.raw import Got, Line, ask
from tests.vendors import behaviour as acts
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import Running, running

HEADERS = {"authorization": f"Bearer {CLIENT_KEY}"}
BODY = {"model": "narrow", "messages": [{"role": "user", "content": "hello"}]}
HOLD_S = 0.3


class Desk:
    """A vendor behind one key that takes one request at a time, and clients at the proxy in front of it."""

    def __init__(self, proxy: Proxy, vendor: OpenAIChatVendor, thread: Running, clients: ThreadPoolExecutor) -> None:
        self.proxy = proxy
        self.vendor = vendor
        self.url = proxy.url + "/v1/chat/completions"
        self._thread = thread
        self._clients = clients

    def ask(self) -> Future[Got]:
        """One more client."""
        return self._clients.submit(ask, self.url, "POST", body=BODY, headers=HEADERS)

    def hold(self, seconds: float) -> Future[Got]:
        """A client whose answer takes so long; the vendor has heard of it."""
        self.vendor.script.then(acts.text("at last", delay_s=seconds))
        first = self.ask()
        self._thread.call(self.vendor.arrived.wait())
        return first


@contextmanager
def desk(**routing: Any) -> Iterator[Desk]:
    """Opens one. `routing` as in the config."""
    vendor = OpenAIChatVendor()
    with running(vendor) as thread:
        entry = {**compatible("narrow", vendor.base_url, ["test-key-1"], {"narrow": "sim"}), "max-concurrency": 1}
        with Proxy(config(chat=[entry], routing=routing)) as proxy, ThreadPoolExecutor(8) as clients:
            yield Desk(proxy, vendor, thread, clients)


def test_three_at_once_are_served_one_after_the_other() -> None:
    with desk() as home:
        home.vendor.script.then(*(acts.text("hi", delay_s=HOLD_S) for _ in range(3)))
        answers = [client.result(30) for client in [home.ask() for _ in range(3)]]
        assert [got.status for got in answers] == [200] * 3
        times = [request.at_s for request in home.vendor.asked]
        assert all(later - earlier >= HOLD_S for earlier, later in pairwise(times))


def test_a_client_that_leaves_the_line_is_forgotten() -> None:
    with desk() as home:
        first = home.hold(2.5)
        with Line(home.url, BODY, HEADERS):
            waiting = home.ask()
        home.proxy.wait_for("status=gone")
        assert not first.done()
        assert first.result(30).status == 200
        assert waiting.result(30).status == 200
        assert home.ask().result(30).status == 200
        assert len(home.vendor.asked) == 3


def test_where_nobody_may_wait_the_next_client_is_told_at_once() -> None:
    with desk(**{"queue-size": 0}) as home:
        first = home.hold(2.0)
        got = home.ask().result(30)
        assert not first.done()
        assert got.status == 429
        assert got.headers["retry-after"] == "5"
        assert "max-concurrency" in got.json["error"]["message"]
        assert first.result(30).status == 200
        assert home.ask().result(30).status == 200


def test_patience_has_an_end() -> None:
    with desk(**{"queue-timeout-seconds": 1}) as home:
        first = home.hold(3.0)
        got = home.ask().result(30)
        assert not first.done()
        assert got.status == 429
        assert "queue-timeout-seconds" in got.json["error"]["message"]
        assert first.result(30).status == 200
