"""Long and compressed bodies, of requests and of replies, at both entrances."""

import base64
import gzip
import json
import random
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import anthropic
import brotli
import openai
import pytest
import zstandard

from addons.decompress import MAX_BODY_BYTES
from tests.e2e.test_interception import Scene, asking, post, scene
from tests.support.certificates import Made, self_made
from tests.support.config import CLIENT_KEY
from tests.support.house import MODELS, House
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.compressing import ENCODINGS

PATHS: Final = {"anthropic": "/v1/messages", "openai_chat": "/v1/chat/completions"}
LONG_BYTES: Final = 50_000_000
COMPRESSED: Final[Mapping[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", lambda data: zlib.compress(data, wbits=-zlib.MAX_WBITS)),
    "br": ("br", lambda data: bytes(brotli.compress(data, quality=1))),
    "zstd": ("zstd", lambda data: bytes(zstandard.compress(data))),
    "two": ("gzip, br", lambda data: bytes(brotli.compress(gzip.compress(data), quality=1))),
}


@pytest.fixture(params=COMPRESSED.values(), ids=list(COMPRESSED))
def encoding(request: pytest.FixtureRequest) -> tuple[str, Callable[[bytes], bytes]]:
    found: tuple[str, Callable[[bytes], bytes]] = request.param
    return found


@pytest.fixture(scope="module")
def shared_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made: Made = self_made(tmp_path_factory.mktemp("certificates"))
    with scene(made) as opened:
        yield opened


@pytest.fixture
def here(shared_scene: Scene) -> Iterator[Scene]:
    shared_scene.sweep()
    yield shared_scene
    shared_scene.check()


def said(upstream: str) -> dict[str, Any]:
    """A request that both dialects understand."""
    return {
        "model": MODELS[upstream][0],
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hello"}],
    }


def with_image(client: str, upstream: str, image: str) -> bytes:
    body = said(upstream)
    url = f"data:image/png;base64,{image}"
    shown = {
        "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}},
        "openai_chat": {"type": "image_url", "image_url": {"url": url}},
    }[client]
    body["messages"][0]["content"] = [{"type": "text", "text": "hello"}, shown]
    return json.dumps(body).encode()


def send(home: House, client: str, body: bytes, **headers: str) -> Got:
    headers = {"x-api-key": CLIENT_KEY, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask(home.proxy.url + PATHS[client], "POST", body=body, headers=headers)


def memory_kb(pid: int, name: str) -> int:
    """A line of /proc/PID/status: VmHWM is the most that was ever resident, VmRSS what is now."""
    with Path(f"/proc/{pid}/status").open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def forget_peak(pid: int) -> None:
    """VmHWM begins anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


# Requests.


def test_a_compressed_request_is_read(
    home: House, client: str, upstream: str, encoding: tuple[str, Callable[[bytes], bytes]]
) -> None:
    name, compress = encoding
    got = send(home, client, compress(json.dumps(said(upstream)).encode()), content_encoding=name)
    assert (got.status, b"echo: hello" in got.body) == (200, True)
    [request] = home.vendors[upstream].asked
    assert "content-encoding" not in request.headers


def test_a_compressed_request_is_read_in_a_tunnel(here: Scene, encoding: tuple[str, Callable[[bytes], bytes]]) -> None:
    name, compress = encoding
    for model in ("claude-asked", "gpt-asked"):
        with here.tunnel() as tunnel:
            status, answer = tunnel.ask(post("/v1/messages", compress(asking(model)), f"Content-Encoding: {name}"))
        assert (status, b"echo: hello" in answer) == (200, True)
    assert here.real.requests == []


@pytest.mark.parametrize("body", [b"not compressed", gzip.compress(b"{}" * 99)[:-5]], ids=["plain", "cut"])
def test_a_request_that_is_not_what_it_says_is_refused(home: House, client: str, body: bytes) -> None:
    got = send(home, client, body, content_encoding="gzip")
    assert (got.status, "error" in got.json) == (400, True)


@pytest.mark.slow
def test_a_request_of_fifty_megabytes_arrives(home: House, client: str, upstream: str) -> None:
    image = base64.b64encode(random.Random(1).randbytes(LONG_BYTES * 3 // 4)).decode()
    body = with_image(client, upstream, image)
    assert len(body) > LONG_BYTES
    send(home, client, json.dumps(said(upstream)).encode())  # Whatever is imported on first use.
    before_kb = memory_kb(home.proxy.pid, "VmRSS")
    forget_peak(home.proxy.pid)
    began_s = time.monotonic()
    got = send(home, client, body)
    took_s = time.monotonic() - began_s
    peak_kb = memory_kb(home.proxy.pid, "VmHWM") - before_kb
    print(f"\n50 MB, {client} -> {upstream}: {took_s:.2f} s, {peak_kb >> 10} MB more at its peak", flush=True)
    assert (got.status, b"echo: hello" in got.body) == (200, True), got.body[:300]
    arrived = home.vendors[upstream].asked[-1]
    assert image.encode() in arrived.body
    assert peak_kb < 6 * LONG_BYTES >> 10


@pytest.mark.slow
def test_so_it_does_in_a_tunnel(here: Scene, upstream: str) -> None:
    image = base64.b64encode(random.Random(1).randbytes(LONG_BYTES * 3 // 4)).decode()
    with here.tunnel() as tunnel:
        status, answer = tunnel.ask(post("/v1/messages", with_image("anthropic", upstream, image)))
    assert (status, b"echo: hello" in answer) == (200, True)
    [request] = here.claude.asked or here.chat.asked
    assert len(request.body) > LONG_BYTES


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_request_that_is_too_long_is_refused_in_the_clients_words(home: House, client: str, chunked: bool) -> None:
    before_kb = memory_kb(home.proxy.pid, "VmRSS")
    forget_peak(home.proxy.pid)
    status, answer = pour(home.proxy.port, PATHS[client], 2 * MAX_BODY_BYTES, chunked=chunked)
    assert status == 413
    error = json.loads(answer)["error"]
    assert error["type"] == {"anthropic": "request_too_large", "openai_chat": "invalid_request_error"}[client]
    assert "64 MB" in error["message"]
    assert memory_kb(home.proxy.pid, "VmHWM") - before_kb < 2 * MAX_BODY_BYTES >> 10
    assert [request for vendor in home.vendors.values() for request in vendor.requests] == []


def test_it_is_refused_in_a_tunnel_too(here: Scene) -> None:
    with here.tunnel() as tunnel:
        status, answer = tunnel.ask(post("/v1/messages", b" " * (MAX_BODY_BYTES + 1)))
        assert (status, b"request_too_large" in answer) == (413, True)
        status, _ = tunnel.ask(post("/v1/messages", asking("claude-asked")))
        assert status == 200
    assert here.real.requests == []


def test_what_passes_in_a_tunnel_may_be_as_long_as_it_likes(here: Scene) -> None:
    with here.tunnel() as tunnel:
        status, _ = tunnel.ask(post("/v1/files", b" " * (MAX_BODY_BYTES + 1)))
    assert status == 200
    assert len(here.real.requests[0]) > MAX_BODY_BYTES


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_a_bomb_is_too_long(home: House, client: str, encoding: str) -> None:
    name, compress = COMPRESSED[encoding]
    bomb = compress(bytes(8 * MAX_BODY_BYTES))
    before_kb = memory_kb(home.proxy.pid, "VmRSS")
    forget_peak(home.proxy.pid)
    got = send(home, client, bomb, content_encoding=name)
    assert got.status == 413
    assert memory_kb(home.proxy.pid, "VmHWM") - before_kb < 3 * MAX_BODY_BYTES >> 10


def pour(port: int, path: str, size: int, *, chunked: bool) -> tuple[int, bytes]:
    """A body of blanks, and the answer to it; then the same connection is asked again."""
    head = [f"POST {path} HTTP/1.1", "Host: gateway", f"X-Api-Key: {CLIENT_KEY}"]
    head.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}")
    piece = b" " * (1 << 20)
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
    with socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall("\r\n".join((*head, "", "")).encode())
        for _ in range(size >> 20):
            line.sendall(framed)
        if chunked:
            line.sendall(b"0\r\n\r\n")
        first = answer(line)
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n")
        assert answer(line)[0] == 200
        return first


def answer(line: socket.socket) -> tuple[int, bytes]:
    said = b""
    while b"\r\n\r\n" not in said:
        said += read(line)
    head, _, body = said.partition(b"\r\n\r\n")
    length = next(int(one.split(b":")[1]) for one in head.lower().split(b"\r\n") if one.startswith(b"content-length"))
    while len(body) < length:
        body += read(line)
    return int(head.split()[1]), body


def read(line: socket.socket) -> bytes:
    data = line.recv(65536)
    assert data, "the connection was closed"
    return data


# Replies.


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_compressed_reply_is_read(home: House, client: str, upstream: str, stream: bool, encoding: str) -> None:
    home.vendors[upstream].script.then(acts.text("squeezed " * 99, compressed=encoding))
    heard = home.talker(client, upstream, stream=stream).say("hello")
    assert heard.text == "squeezed " * 99


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_compressed_stream_that_breaks_off_ends_in_an_error(
    home: House, client: str, upstream: str, encoding: str
) -> None:
    home.vendors[upstream].script.then(acts.broken(acts.text("squeezed " * 99, compressed=encoding), acts.How.CLOSE, 6))
    with pytest.raises((anthropic.APIError, openai.APIError)):
        home.talker(client, upstream, stream=True).say("hello")


def test_a_reply_in_an_encoding_that_nobody_knows_is_made_good(home: House, client: str, upstream: str) -> None:
    home.vendors[upstream].script.then(acts.Raw(200, b"?", headers={"content-encoding": "rot13"}))
    assert home.talker(client, upstream, stream=True).say("hello").text == "echo: hello"
