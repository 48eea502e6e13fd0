"""Translation and failover, shown without an account: simulated vendors, the real engine.

    scripts/run --demo

Starts the vendors of tests/vendors and the gateway as a process of its own, sends one request in each client dialect to
the vendor of another, prints the answers as they stream, checks them, and ends. The exit status is 1 where a reply was
not translated.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.support.ports import free_port  # noqa: E402
from tests.vendors.anthropic import AnthropicVendor  # noqa: E402
from tests.vendors.behaviour import refused, text  # noqa: E402
from tests.vendors.openai_chat import OpenAIChatVendor  # noqa: E402
from tests.vendors.running import running  # noqa: E402
from tests.vendors.vendor import Vendor  # noqa: E402

CLIENT_KEY: Final = "demo-client-key"
PACE_S: Final = 0.04


@dataclass(frozen=True, slots=True)
class Scene:
    """A request in one dialect for the vendor of another. `piece`: the text in a frame of the client's dialect."""

    title: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    piece: Callable[[dict[str, Any]], str]
    vendor: Vendor
    vendor_path: str
    says: str
    attempts: int


def main() -> int:
    """The exit status."""
    chat, claude = OpenAIChatVendor(), AnthropicVendor()
    hello = "Hello from a simulated OpenAI-compatible vendor, in the words of Anthropic's Messages."
    bonjour = "Hello from a simulated Anthropic, in the words of OpenAI's chat completions."
    chat.for_key("test-key-1").then(refused(429, "You exceeded your current quota.", retry_after="60"))
    chat.for_key("test-key-2").then(text(hello, pace_s=PACE_S))
    claude.script.then(text(bonjour, pace_s=PACE_S))
    scenes = (
        Scene(
            "A client that speaks Anthropic Messages, answered by an OpenAI-chat vendor. The first key is exhausted.",
            "/v1/messages",
            {"x-api-key": CLIENT_KEY, "anthropic-version": "2023-06-01"},
            {"model": "demo-chat", "max_tokens": 200, "stream": True, "messages": MESSAGES},
            anthropic_piece,
            chat,
            "/v1/chat/completions",
            hello,
            2,
        ),
        Scene(
            "A client that speaks OpenAI chat completions, answered by an Anthropic vendor.",
            "/v1/chat/completions",
            {"authorization": f"Bearer {CLIENT_KEY}"},
            {"model": "demo-claude", "stream": True, "messages": MESSAGES},
            chat_piece,
            claude,
            "/v1/messages",
            bonjour,
            1,
        ),
    )
    print("The vendors of this demo are simulated: no account is used, nothing leaves this machine.")
    with running(chat, claude), tempfile.TemporaryDirectory() as directory:
        port = free_port()
        config = Path(directory) / "config.yaml"
        config.write_text(config_text(port, chat.base_url, claude.base_url))
        with gateway(config, Path(directory), port) as log:
            problems = [problem for scene in scenes for problem in play(scene, port)]
            if problems:
                print(log.read_text(errors="replace"), file=sys.stderr)
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    if not problems:
        print("\nBoth answers were translated. Start `scripts/run` to use it with accounts of your own.")
    return 1 if problems else 0


MESSAGES: Final = [{"role": "user", "content": "Who are you?"}]


def play(scene: Scene, port: int) -> Iterator[str]:
    """Sends the request, prints the answer as it streams; what was wrong with it, a line each."""
    print(f"\n{scene.title}\n  POST {scene.path}  model={scene.body['model']}")
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {**scene.headers, "content-type": "application/json"}
    connection.request("POST", scene.path, json.dumps(scene.body), headers)
    response = connection.getresponse()
    if response.status != 200:
        yield f"{scene.path}: status {response.status}: {response.read().decode(errors='replace')}"
        return
    print(
        f"  answered by {response.headers['x-cliproxy-provider']}"
        f" with credential {response.headers['x-cliproxy-credential']}"
        f" after {response.headers['x-cliproxy-attempts']} attempt(s):\n  ",
        end="",
        flush=True,
    )
    said = "".join(spoken(response, scene.piece))
    print()
    connection.close()
    if said != scene.says:
        yield f"{scene.path}: the client read {said!r}, the vendor said {scene.says!r}"
    if response.headers["x-cliproxy-attempts"] != str(scene.attempts):
        yield f"{scene.path}: {response.headers['x-cliproxy-attempts']} attempts, not {scene.attempts}"
    heard = [request.path for request in scene.vendor.requests]
    if heard != [scene.vendor_path] * scene.attempts:
        yield f"{scene.path}: the vendor heard {heard}"


def spoken(response: HTTPResponse, piece: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    """The text of a stream, printed as it comes."""
    while line := response.readline():
        data = line.strip().removeprefix(b"data: ")
        if not line.startswith(b"data: ") or data == b"[DONE]":
            continue
        words = piece(json.loads(data))
        print(words, end="", flush=True)
        yield words


def anthropic_piece(frame: dict[str, Any]) -> str:
    """The text of a frame of Anthropic Messages; a frame of another dialect has no such type."""
    if frame["type"] != "content_block_delta":
        return ""
    words: str = frame["delta"].get("text", "")
    return words


def chat_piece(frame: dict[str, Any]) -> str:
    """The text of a chat completion chunk."""
    if frame["object"] != "chat.completion.chunk":
        raise ValueError(f"not a chat completion chunk: {frame}")
    return "".join(choice["delta"].get("content") or "" for choice in frame["choices"])


def config_text(port: int, chat: str, claude: str) -> str:
    """The demo's config: two keys for the chat vendor, one for Anthropic."""
    return json.dumps(
        {
            "host": "127.0.0.1",
            "port": port,
            "api-keys": [CLIENT_KEY],
            "claude-api-key": [
                {
                    "api-key": "test-key-3",
                    "base-url": claude,
                    "models": [{"name": "claude-demo", "alias": "demo-claude"}],
                }
            ],
            "openai-compatibility": [
                {
                    "name": "simulated",
                    "base-url": chat,
                    "api-key-entries": [{"api-key": "test-key-1"}, {"api-key": "test-key-2"}],
                    "models": [{"name": "some-model", "alias": "demo-chat"}],
                }
            ],
        }
    )


@contextmanager
def gateway(config: Path, directory: Path, port: int) -> Iterator[Path]:
    """The real thing, in a process of its own, once it answers. Gives its log."""
    log = directory / "gateway.log"
    start = str(ROOT / "scripts" / "start.py")
    command = [sys.executable, start, "--headless", "--config", str(config), "--set", f"confdir={directory}"]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_until_healthy(port, process, log)
            yield log
        finally:
            process.terminate()
            process.wait(10)


def wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Asks /healthz until it answers."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise SystemExit(f"The gateway did not start:\n{log.read_text(errors='replace')}")


if __name__ == "__main__":
    sys.exit(main())
