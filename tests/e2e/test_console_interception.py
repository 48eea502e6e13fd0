"""What mitmweb, and a file of flows, show of the HTTPS proxy: exchanges from both sides, and no secret."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import pytest
from mitmproxy import http, io

from tests.support.certificates import Made, self_made
from tests.support.config import claude_key, compatible, config
from tests.support.origin import Tunnel, origin
from tests.support.proxy import WEB_PASSWORD, Proxy
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running

REDIRECT: Final = Path(__file__).parents[1] / "support" / "redirect_vendors.py"
VENDOR: Final = "api.anthropic.com"
HELD: Final = "api.openai.com"
POOL_KEYS: Final = ("test-key-1", "test-key-2", "test-key-3")
OWN: Final = ("sk-ant-own-0123456789", "own-bearer-0123456789", "own-cookie-0123456789", "own-query-0123456789")
CONTROL_BODY: Final = b'{"what": "a control body"}'
SPOKEN: Final = b"what somebody dictated"
POLLS: Final = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """`flows`: the console's list at the end. `shown`: all that it can show of each, by its id. `held`: the flow of a
    stream that passes, while it lives. `saved`: the file's flows, and `bytes`."""

    flows: list[Any]
    shown: dict[str, bytes]
    held: Any
    saved: list[http.HTTPFlow]
    file: bytes
    log: str

    def at(self, path: str, host: str = VENDOR) -> Any:
        """The one flow of a client that asked for this."""
        (found,) = [flow for flow in self.flows if (flow["request"]["host"], flow["request"]["path"]) == (host, path)]
        return found

    def attempts_of(self, parent: Any) -> list[Any]:
        """Whose comments name it."""
        named = f"{parent['id'][:8]} #"
        return [flow for flow in self.flows if flow["comment"].startswith(named)]


def headers() -> str:
    key, bearer, cookie, _ = OWN
    return f"X-Api-Key: {key}\r\nAuthorization: Bearer {bearer}\r\nCookie: sid={cookie}\r\n"


def request(path: str, body: bytes, *, method: str = "POST", host: str = VENDOR, more: str = "") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers()}{more}{length}\r\n".encode() + body


def asking(model: str, **more: Any) -> bytes:
    return json.dumps(
        {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}], **more}
    ).encode()


@contextmanager
def held_stream(made: Made) -> Iterator[tuple[int, Event]]:
    """The port of a server whose one reply is a stream, which ends when the event is set."""
    end = Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            raw, _ = listener.accept()
            with context.wrap_socket(raw, server_side=True) as client:
                client.recv(65536)
                client.sendall(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                    b"9\r\ndata: 1\n\n\r\n"
                )
                assert end.wait(30)
                client.sendall(b"0\r\n\r\n")

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], end
        end.set()
        thread.join(10)


def web(proxy: Proxy, path: str) -> Got:
    return ask(proxy.web_url + path, headers={"authorization": f"Bearer {WEB_PASSWORD}"})


def shown_of(proxy: Proxy, flow: Any) -> bytes:
    """Everything that the console can show of a flow."""
    parts = [json.dumps(flow).encode()]
    for side in ("request", "response"):
        if flow.get(side) and flow[side]["contentLength"] is not None:  # mitmweb breaks where there is none.
            parts += [web(proxy, f"/flows/{flow['id']}/{side}/content{form}").body for form in (".data", "/auto")]
    if flow.get("websocket"):
        parts.append(web(proxy, f"/flows/{flow['id']}/messages/content/auto").body)
    return b"\n".join(parts)


def flow_at(proxy: Proxy, path: str, *, ended: bool) -> Any:
    """The flow with this path, once it has (or has not yet) ended. Polls the console."""
    for _ in range(POLLS):
        for flow in web(proxy, "/flows").json:
            side = flow.get("websocket") or flow.get("response") or {}
            if flow["request"]["path"].startswith(path) and side and bool(side["timestamp_end"]) is ended:
                return flow
    raise AssertionError(f"{path} was never shown")


def masked(data: bytes) -> bytes:
    """A client's text message on a WebSocket."""
    return bytes((0x81, 0x80 | len(data), 0, 0, 0, 0)) + data


def play(proxy: Proxy, claude: AnthropicVendor, chat: OpenAIChatVendor) -> None:
    """Two exchanges whose first attempt fails, and what passes."""
    repeating = json.dumps({"error": {"message": "no such key: test-key-1", "type": "authentication_error"}}).encode()
    chat.for_key("test-key-1").then(acts.Raw(401, repeating, headers={"x-echo": "test-key-1"}))
    claude.for_key("test-key-1").then(acts.RESET_BEFORE_HEAD)
    ca = str(proxy.ca)
    with Tunnel(proxy.intercept_port, VENDOR, ca) as tunnel:
        assert (
            tunnel.ask(request(f"/v1/messages?beta=true&key={OWN[3]}", asking("claude-haiku-1", stream=True)))[0] == 200
        )
        assert tunnel.ask(request("/v1/messages", asking("claude-asked")))[0] == 200
        assert tunnel.ask(request(f"/api/oauth/profile?access_token={OWN[3]}", CONTROL_BODY))[0] == 200
        assert tunnel.ask(request("/v1/messages?unknown=1", asking("claude-unknown")))[0] == 200
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    upgrade += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with Tunnel(proxy.intercept_port, VENDOR, ca) as tunnel:
        assert tunnel.ask(request("/api/ws/voice", b"", method="GET", more=upgrade))[0] == 101
        tunnel.socket.sendall(masked(SPOKEN))
        tunnel.socket.recv(100)  # The origin hangs up once it has heard it.


def hold(proxy: Proxy, end: Event) -> Any:
    """The flow of a stream that passes, as the console shows it while the stream lives."""
    with Tunnel(proxy.intercept_port, HELD, str(proxy.ca)) as tunnel:
        tunnel.socket.sendall(request("/v1/control/events", b"", method="GET", host=HELD))
        heard = b""
        while b"data: 1" not in heard:
            heard += tunnel.socket.recv(1000)
        flow = flow_at(proxy, "/v1/control/events", ended=False)
        end.set()
        while b"0\r\n\r\n" not in heard:
            heard += tunnel.socket.recv(1000)
    return flow


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """mitmweb with `-w`, after all of it."""
    folder = tmp_path_factory.mktemp("console")
    made, saved = self_made(folder), folder / "flows"
    claude = AnthropicVendor(keys=POOL_KEYS, models=("claude-sim",))
    chat = OpenAIChatVendor(keys=POOL_KEYS, models=("gpt-sim",))
    with running(claude, chat), origin(made) as real, held_stream(made) as (held_port, end):
        described = config(
            claude=[claude_key(claude.base_url, key, {"claude-asked": "claude-sim"}) for key in POOL_KEYS[:2]],
            chat=[compatible("sim", chat.base_url, POOL_KEYS, {"gpt-asked": "gpt-sim"})],
            routing={"strategy": "fill-first"},
            intercept={"models": {"claude-haiku-*": "gpt-asked"}},
        )
        with Proxy(
            described,
            program="mitmweb",
            scripts=[REDIRECT],
            options={"ssl_insecure": "true", "save_stream_file": str(saved)},
            environ={"CLIPROXY_TEST_HOSTS": json.dumps({VENDOR: real.port, HELD: held_port})},
        ) as proxy:
            proxy.wait_for(rf"listening at 127\.0\.0\.1:{proxy.intercept_port}\b")
            play(proxy, claude, chat)
            held = hold(proxy, end)
            for path in ("/api/ws/voice", "/v1/control/events"):
                flow_at(proxy, path, ended=True)
            flows = web(proxy, "/flows").json
            shown = {flow["id"]: shown_of(proxy, flow) for flow in flows}
            log = proxy.log
    with saved.open("rb") as file:
        read = [flow for flow in io.FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    return Seen(flows, shown, held, read, saved.read_bytes(), log)


@pytest.mark.parametrize(
    ("path", "model", "statuses"),
    [("/v1/messages?beta=true&key=***", "claude-haiku-1", [401, 200]), ("/v1/messages", "claude-asked", [None, 200])],
    ids=["translated stream", "same dialect"],
)
def test_an_exchange_and_its_attempts_name_each_other(
    seen: Seen, path: str, model: str, statuses: list[int | None]
) -> None:
    parent = seen.at(path)
    attempts = seen.attempts_of(parent)
    assert [(flow.get("response") or {}).get("status_code") for flow in attempts] == statuses
    assert [flow["marked"] for flow in [parent, *attempts]] == ["", "❌", "✅"]
    lines = parent["comment"].split("\n· ")
    assert lines[0].startswith(f"{parent['id'][:8]} anthropic {model}: ok, ")
    for line, attempt in zip(lines[1:], attempts, strict=True):
        name = line.split(",")[0].rpartition(" ")[0]  # `#1 sim 0123abcd`, without the model
        assert attempt["comment"].startswith(f"{parent['id'][:8]} {name}")


def test_the_console_shows_what_both_sides_said(seen: Seen) -> None:
    parent = seen.at("/v1/messages?beta=true&key=***")
    assert b"event: message_stop" in seen.shown[parent["id"]]
    assert b"claude-haiku-1" in seen.shown[parent["id"]]
    attempt = seen.attempts_of(parent)[1]
    assert b'"object":"chat.completion.chunk"' in seen.shown[attempt["id"]]
    assert b"gpt-sim" in seen.shown[attempt["id"]]


def test_no_secret_is_shown_or_saved_or_logged(seen: Seen) -> None:
    everything = {**seen.shown, "file": seen.file, "log": seen.log.encode()}
    for name, data in everything.items():
        assert [secret for secret in (*OWN, *POOL_KEYS) if secret.encode() in data] == [], name


def test_what_passes_shows_its_headers_but_neither_its_secrets_nor_a_body(seen: Seen) -> None:
    flow = seen.at("/api/oauth/profile?access_token=***")
    said = dict(flow["request"]["headers"])
    assert (said["X-Api-Key"], said["Authorization"], said["Cookie"]) == ("***", "***", "***")
    assert dict(flow["response"]["headers"])["Set-Cookie"] == "***"
    assert (flow["request"]["contentLength"], flow["response"]["contentLength"]) == (None, None)
    assert CONTROL_BODY not in seen.shown[flow["id"]] + seen.file


def test_what_is_said_on_a_websocket_that_passes_is_not_kept(seen: Seen) -> None:
    flow = seen.at("/api/ws/voice")
    assert (flow["response"]["status_code"], flow["websocket"]["messages_meta"]["count"]) == (101, 0)
    assert SPOKEN not in seen.shown[flow["id"]] + seen.file


def test_secrets_are_hidden_as_soon_as_they_are_sent_however_long_the_reply_takes(seen: Seen) -> None:
    said = dict(seen.held["request"]["headers"])
    assert seen.held["response"]["timestamp_end"] is None
    assert (said["X-Api-Key"], said["Authorization"], said["Cookie"]) == ("***", "***", "***")


def test_what_passes_says_why(seen: Seen) -> None:
    assert seen.at("/api/oauth/profile?access_token=***")["comment"] == "passes: no inference"
    assert seen.at("/v1/messages?unknown=1")["comment"] == "passes: nobody here serves claude-unknown"


def test_the_file_has_both_sides_too(seen: Seen) -> None:
    parents = [flow.metadata.get("cliproxy.parent") for flow in seen.saved if "cliproxy.attempt" in flow.metadata]
    clients = {flow.id for flow in seen.saved if flow.request.path.startswith("/v1/messages")}
    assert len(parents) == 4
    assert set(parents) <= clients
