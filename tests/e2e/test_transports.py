"""Every version of HTTP, with TLS and without, on either side and on both; through the gateway and through a tunnel."""

import asyncio
import functools
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.support.callers import Caller, Reply, Way, calling, second_version
from tests.support.certificates import Made, self_made
from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.proxy import Proxy
from tests.support.strict_door import only_second_version
from tests.vendors import behaviour as acts
from tests.vendors import model
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import Running, running
from tests.vendors.vendor import Vendor

PATH: Final = "/v1/messages"
HOST: Final = "api.anthropic.com"
KEYS: Final = ("test-key-1", "test-key-2")
LONE_KEY: Final = "test-key-3"
"""May be used by one request at a time, so that the next one shows that its lease came back."""

UPSTREAMS: Final[Mapping[str, tuple[str, ...] | None]] = {
    "plain": None,
    "TLS": ("http/1.1",),
    "h2": ("h2", "http/1.1"),
}
CLIENTS: Final = ("h1", "h1 over TLS", "h2", "h1 in a tunnel", "h2 in a tunnel")
SOON_S: Final = 2.0


@dataclass(slots=True)
class House:
    """Two proxies, the second with TLS on its gateway, in front of the same vendors: by dialect and transport."""

    plain: Proxy
    secure: Proxy
    made: Made
    vendors: dict[tuple[str, str], Vendor]
    thread: Running

    def way(self, client: str) -> Way:
        """How such a client gets in."""
        protocol = "h2" if client.startswith("h2") else "http/1.1"
        if client == "h1":
            return Way(self.plain.port, CLIENT_KEY)
        if client.endswith("tunnel"):
            trusting = ssl.create_default_context(cafile=str(self.plain.ca))
            way = Way(self.plain.intercept_port, CLIENT_KEY, trusting, HOST)
        else:
            trusting = ssl.create_default_context(cafile=str(self.made.ca))
            way = Way(self.secure.port, CLIENT_KEY, trusting)
        trusting.set_alpn_protocols([protocol])
        return way

    def open(self, client: str) -> AbstractAsyncContextManager[Caller]:
        """Such a client."""
        return calling(self.way(client), http2=client.startswith("h2"))

    async def cancelled(self, vendor: Vendor) -> None:
        """Returns once a client of the vendor has gone."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(vendor.cancelled.wait(), self.thread.loop))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return self_made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shared(made: Made) -> Iterator[House]:
    vendors: dict[tuple[str, str], Vendor] = {}
    claude, chat = [], []
    for name, protocols in UPSTREAMS.items():
        context = None if protocols is None else server_context(made, protocols)
        anthropic = vendors["anthropic", name] = AnthropicVendor(keys=(*KEYS, LONE_KEY), tls=context)
        openai = vendors["openai_chat", name] = OpenAIChatVendor(keys=KEYS, tls=context)
        vendors["anthropic", name], vendors["openai_chat", name] = anthropic, openai
    with ExitStack() as opened:
        thread = opened.enter_context(running(*vendors.values()))
        for (dialect, name), vendor in vendors.items():
            asked = {model_of(dialect, name): "a-model"}
            if dialect == "openai_chat":
                chat.append(compatible(f"chat-{name}", vendor.base_url, KEYS, asked))
                continue
            claude += [claude_key(vendor.base_url, key, asked) for key in KEYS]
            lone = claude_key(vendor.base_url, LONE_KEY, {model_of("lone", name): "a-model"})
            claude.append({**lone, "max-concurrency": 1})
        described = config(claude=claude, chat=chat, routing={"strategy": "fill-first"}, disable_cooling=True)
        trusted = {"ssl_verify_upstream_trusted_ca": str(made.ca)}
        tls = {"tls": {"enable": True, "cert": str(made.cert), "key": str(made.key)}, "intercept": {"enable": False}}
        plain = opened.enter_context(Proxy(described, options=trusted))
        secure = opened.enter_context(Proxy({**described, **tls}, options=trusted))
        plain.wait_for(rf"listening at 127\.0\.0\.1:{plain.intercept_port}\b")
        yield House(plain, secure, made, vendors, thread)


def server_context(made: Made, protocols: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    context.set_alpn_protocols(list(protocols))
    return context


def model_of(dialect: str, transport: str) -> str:
    return f"{dialect}-{transport}".replace("_", "-").lower()


@pytest.fixture
def home(shared: House) -> Iterator[House]:
    for vendor in shared.vendors.values():
        vendor.reset()
    yield shared
    for vendor in shared.vendors.values():
        assert vendor.failures == []
        vendor.answer = model.answer


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """How the client comes."""
    return str(request.param)


@pytest.fixture(params=UPSTREAMS)
def transport(request: pytest.FixtureRequest) -> str:
    """How the vendor is reached."""
    return str(request.param)


@pytest.fixture(params=["anthropic", "openai_chat"], ids=["same dialect", "translated"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The vendor's."""
    return str(request.param)


def played[**P](scenario: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Runs it to its end, within 30 seconds."""

    @functools.wraps(scenario)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            async with asyncio.timeout(30):
                await scenario(*args, **kwargs)

        asyncio.run(limited())

    return test


def said(name: str, words: str = "hello", *, stream: bool = True) -> dict[str, Any]:
    return {"model": name, "max_tokens": 50, "stream": stream, "messages": [{"role": "user", "content": words}]}


async def answered(caller: Caller, name: str, words: str = "hello", *, stream: bool = True) -> Reply:
    reply = await caller.ask(PATH, said(name, words, stream=stream))
    await reply.ended.wait()
    return reply


def is_answer(reply: Reply, words: str = "hello") -> bool:
    return (reply.status, reply.whole, reply.text) == (200, True, f"echo: {words}")


@played
async def test_it_is_answered(home: House, client: str, transport: str, dialect: str) -> None:
    vendor = home.vendors[dialect, transport]
    async with home.open(client) as caller:
        for stream in (True, False, True):
            assert is_answer(await answered(caller, model_of(dialect, transport), stream=stream))
    spoken = "HTTP/2" if transport == "h2" and client.startswith("h2") else "HTTP/1.1"
    assert [request.protocol for request in vendor.asked] == [spoken] * 3


@pytest.mark.parametrize(
    "fault", [acts.refused(429, "slow down"), acts.RESET_BEFORE_HEAD, acts.RESET_AFTER_HEAD, acts.CLOSED_BEFORE_HEAD],
    ids=["429", "reset", "reset behind the head", "closed"],
)  # fmt: skip
@played
async def test_the_next_key_answers_where_one_fails(
    home: House, client: str, transport: str, dialect: str, fault: acts.Behaviour
) -> None:
    vendor = home.vendors[dialect, transport]
    for stream in (True, False):
        async with home.open(client) as caller:  # On a kept connection a close is nobody's fault.
            vendor.for_key(KEYS[0]).then(fault)
            assert is_answer(await answered(caller, model_of(dialect, transport), stream=stream))
    assert vendor.keys_seen == [*KEYS, *KEYS]


@played
async def test_a_stream_that_is_reset_on_a_kept_connection_is_the_keys_fault(home: House) -> None:
    vendor = home.vendors["anthropic", "h2"]
    async with home.open("h2") as caller:
        assert is_answer(await answered(caller, model_of("anthropic", "h2")))
        vendor.for_key(KEYS[0]).then(acts.RESET_BEFORE_HEAD)
        assert is_answer(await answered(caller, model_of("anthropic", "h2")))
    assert vendor.keys_seen == [KEYS[0], *KEYS]


@pytest.mark.parametrize("fault", [acts.RESET_MIDWAY, acts.HALF_A_STREAM], ids=["reset", "closed"])
@played
async def test_a_stream_that_breaks_ends_in_an_error_of_the_clients_dialect(
    home: House, client: str, transport: str, dialect: str, fault: acts.Behaviour
) -> None:
    vendor = home.vendors[dialect, transport]
    vendor.script.then(fault)
    async with home.open(client) as caller:
        reply = await answered(caller, model_of(dialect, transport))
        assert (reply.status, reply.whole) == (200, True)
        assert reply.events[-1]["type"] == "error"
        assert is_answer(await answered(caller, model_of(dialect, transport)))
    assert len(vendor.asked) == 2


@pytest.mark.parametrize("when", ["before the head", "in the stream"])
@played
async def test_a_client_that_leaves_is_noticed_upstream_at_once_and_its_lease_comes_back(
    home: House, client: str, transport: str, when: str
) -> None:
    vendor = home.vendors["anthropic", transport]
    waits = acts.silent(60) if when == "in the stream" else replace(acts.LONG, delay_s=60)
    vendor.script.then(waits)
    async with home.open(client) as caller:
        reply = await caller.ask(PATH, said(model_of("lone", transport)))
        if when == "in the stream":
            await reply.data.wait()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(vendor.arrived.wait(), home.thread.loop))
        left_s = time.monotonic()
        caller.cancel(reply)
        await home.cancelled(vendor)
        assert vendor.disconnects[0].at_s - left_s < SOON_S
        began_s = time.monotonic()
        assert is_answer(await answered(caller, model_of("lone", transport)))
        assert time.monotonic() - began_s < SOON_S


@pytest.mark.parametrize("client", ["h2", "h2 in a tunnel"])
@played
async def test_a_hundred_streams_of_one_connection_get_each_their_own_answer(
    home: House, client: str, transport: str, dialect: str
) -> None:
    vendor = home.vendors[dialect, transport]
    vendor.answer = lambda prompt: replace(model.answer(prompt), delay_s=0.3, pace_s=0.01)
    began_s = time.monotonic()
    async with home.open(client) as caller:
        words = [f"number {number} of a hundred" for number in range(100)]
        replies = [
            await caller.ask(PATH, said(model_of(dialect, transport), its, stream=number % 4 != 0))
            for number, its in enumerate(words)
        ]
        for its, reply in zip(words, replies, strict=True):
            await reply.ended.wait()
            assert is_answer(reply, its)
    took_s = time.monotonic() - began_s
    connections = {request.connection for request in vendor.asked}
    print(f"\n100 streams, {client} -> {transport}, {dialect}: {took_s:.2f} s, {len(connections)} upstream", flush=True)
    assert took_s < 15  # One after the other they would take 30 s, without anything of ours.
    assert len(connections) == (1 if transport == "h2" else 100)


def flood(pieces: int) -> acts.Raw:
    """A stream of so many megabytes."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    delta = {"type": "text_delta", "text": "x" * (1 << 20)}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[{"type": "content_block_delta", "index": 0, "delta": delta}] * pieces,
    ]
    body = b"".join(f"event: {it['type']}\ndata: {json.dumps(it)}\n\n".encode() for it in events)
    return acts.Raw(200, body, "text/event-stream")


@played
async def test_a_stream_that_is_not_read_stalls_no_other_and_is_given_up_before_it_takes_the_memory(
    home: House, transport: str
) -> None:
    vendor = home.vendors["anthropic", transport]
    proxy = home.secure
    name = model_of("anthropic", transport)
    async with second_version(home.way("h2"), window_bytes=64 << 10) as caller:
        assert is_answer(await answered(caller, name))
        forget_peak(proxy.pid)
        before_kb, log = peak_kb(proxy.pid), len(proxy.log)
        vendor.script.then(flood(200))
        unread = await caller.ask_unread(PATH, said(name))
        await unread.data.wait()
        for number in range(20):
            assert is_answer(await answered(caller, name, f"number {number}"), f"number {number}")
        await unread.ended.wait()
        assert not unread.whole
        assert is_answer(await answered(caller, name))
        await asyncio.to_thread(proxy.wait_for, "its client does not read", since=log)
        more_kb = peak_kb(proxy.pid) - before_kb
        print(f"\n200 MB unread, {transport}: {more_kb >> 10} MB more", flush=True)
        assert more_kb < 160 << 10


def forget_peak(pid: int) -> None:
    """It begins anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_kb(pid: int) -> int:
    """The most that was ever resident."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("transport", ["TLS", "h2"])
@played
async def test_a_new_connection_to_a_vendor_resumes_the_session_of_the_last(home: House, transport: str) -> None:
    vendor = home.vendors["anthropic", transport]
    for _ in range(3):
        async with home.open("h2") as caller:
            assert is_answer(await answered(caller, model_of("anthropic", transport)))
    assert [request.resumed for request in vendor.asked][1:] == [True, True]


@pytest.mark.parametrize("client", ["h1", "h1 in a tunnel"])
@played
async def test_a_vendor_that_speaks_http2_alone_is_spoken_to_so(home: House, client: str) -> None:
    vendor = home.vendors["anthropic", "h2"]
    port = urlsplit(vendor.base_url).port
    assert port is not None
    async with only_second_version(port) as (door, let_in):
        entry = claude_key(f"https://127.0.0.1:{door}", KEYS[0], {"strict": "a-model"})
        before = home.plain.config
        home.plain.change({**before, "claude-api-key": [*before["claude-api-key"], entry]})
        try:
            for _ in range(2):
                async with home.open(client) as caller:
                    for stream in (True, False):
                        assert is_answer(await answered(caller, "strict", stream=stream))
        finally:
            home.plain.change(before)
    assert [request.protocol for request in vendor.asked] == ["HTTP/2"] * 4
    assert let_in == [False, True, True, True, True]  # Each request of such a client comes on a connection of its own.
