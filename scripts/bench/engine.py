"""What our engine costs beside bare mitmdump: CPU of the proxy process per request and per event.

Each proxy runs as its own process; the work goes to them in turns, so that a noisy machine disturbs all alike. Figures
are medians of the rounds; the `to` columns are medians of the rounds' ratios. `stock` is mitmdump as it comes, as a
reverse proxy for the same upstream; `stream` is the same with `flow.response.stream = True` for server-sent events;
`ours` translates Anthropic -> OpenAI chat.

    .venv/bin/python scripts/bench/engine.py [--json] [--rounds 5]
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.http1 import connect, post, read_reply
from scripts.bench.processes import Proxy, Start, ours, started, stock, upstream_server

EVENTS: Final = 300
STARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Work:
    """`divisor`: what one request counts as, so that a burst is told per event."""

    name: str
    requests: int
    connections: int
    stream: bool
    body: Callable[[bool], dict[str, Any]]
    keep_alive: bool = True
    divisor: int = 1


def small(stream: bool) -> Callable[[bool], dict[str, Any]]:
    """A short question, in either dialect."""

    def body(anthropic: bool) -> dict[str, Any]:
        limit = {"max_tokens": 1000} if anthropic else {"max_completion_tokens": 1000}
        messages = [{"role": "user", "content": "Is all well? " * 10}]
        return {"model": "bench-model", **limit, "messages": messages, "stream": stream}

    return body


def agentic(anthropic: bool) -> dict[str, Any]:
    """About 1 MB: 300 messages of text, tool calls and results, and 60 tools."""
    schema = {
        "type": "object",
        "properties": {
            f"field_{number}": {"type": "string", "description": "What this field is for. " * 4} for number in range(8)
        },
        "required": ["field_0"],
        "additionalProperties": False,
    }
    tools = [{"name": f"tool_{number}", "description": "Does something useful. " * 20} for number in range(60)]
    text = "A line of code that someone has read. " * 75
    messages: list[dict[str, Any]] = []
    for number in range(100):
        call_id, name, arguments = f"toolu_{number:024d}", f"tool_{number % 60}", {"field_0": text}
        messages.append({"role": "user", "content": f"Step {number}. {text}"})
        if anthropic:
            call = {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
            messages.append({"role": "assistant", "content": [{"type": "text", "text": "I look."}, call]})
            result = {"type": "tool_result", "tool_use_id": call_id, "content": text}
            messages.append({"role": "user", "content": [result]})
        else:
            function = {"name": name, "arguments": json.dumps(arguments)}
            calls = [{"id": call_id, "type": "function", "function": function}]
            messages.append({"role": "assistant", "content": "I look.", "tool_calls": calls})
            messages.append({"role": "tool", "tool_call_id": call_id, "content": text})
    if anthropic:
        declared: list[dict[str, Any]] = [{**tool, "input_schema": schema} for tool in tools]
    else:
        declared = [{"type": "function", "function": {**tool, "parameters": schema}} for tool in tools]
    limit = {"max_tokens": 1000} if anthropic else {"max_completion_tokens": 1000}
    return {"model": "bench-model", **limit, "tools": declared, "messages": messages, "stream": False}


WORKS: Final = (
    Work("small request", 400, 8, False, small(False)),
    Work("new connection each", 200, 4, False, small(False), keep_alive=False),
    Work("1 MB request", 30, 2, False, agentic),
    Work("burst of 300, per event", 30, 2, True, small(True), divisor=EVENTS),
)


def main() -> None:
    """Runs all of it and prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each work (default 5)")
    parser.add_argument("--only", default="", help="only works whose name contains this")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = stack.enter_context(upstream_server("upstream.py"))
        starts = list(all_starts(directory, upstream))
        start_s = measure_starts(starts)
        proxies = [stack.enter_context(started(start, first_request)) for start in starts]
        works = [work for work in WORKS if arguments.only in work.name]
        time.sleep(1)
        memory = {proxy.start.name: proxy.rss_kb() / 1024 for proxy in proxies}
        samples = {work.name: measure(work, proxies, arguments.rounds) for work in works}
        report(samples, start_s, memory, as_json=arguments.json)


def measure_starts(starts: list[Start]) -> dict[str, float]:
    """Proxy -> seconds from its start to its first answer, the median. The first time, which compiles, is left out."""
    seconds: dict[str, list[float]] = {start.name: [] for start in starts}
    for round_number in range(STARTS + 1):
        for start in starts:
            with started(start, first_request) as proxy:
                if round_number:
                    seconds[start.name].append(proxy.start_s)
    return {name: statistics.median(times) for name, times in seconds.items()}


def measure(work: Work, proxies: list[Proxy], rounds: int) -> dict[str, list[float]]:
    """Proxy -> CPU microseconds per request or event, in each round."""
    samples: dict[str, list[float]] = {proxy.start.name: [] for proxy in proxies}
    for round_number in range(rounds + 1):
        for proxy in proxies:
            before = proxy.cpu_s()
            asyncio.run(drive(work, proxy.start))
            cost = (proxy.cpu_s() - before) / work.requests / work.divisor * 1e6
            if round_number:  # The first round warms up.
                samples[proxy.start.name].append(cost)
    return samples


def ratio(samples: dict[str, list[float]], bare: str) -> float:
    """What ours costs beside a bare one: the median of the rounds' ratios."""
    return statistics.median(ours / cost for ours, cost in zip(samples["ours"], samples[bare], strict=True))


async def drive(work: Work, start: Start) -> None:
    """All requests of one round, over so many connections at a time."""
    body = json.dumps(work.body(start.anthropic), separators=(",", ":")).encode()
    path = "/v1/messages" if start.anthropic else "/v1/chat/completions"
    more = "" if work.keep_alive else "connection: close\r\n"
    request = post(path, body, host=f"127.0.0.1:{start.port}", more=more)
    share = work.requests // work.connections
    await asyncio.gather(*(one_client(work, start.port, request, share) for _ in range(work.connections)))


async def one_client(work: Work, port: int, request: bytes, count: int) -> None:
    """`count` requests, one after the other."""
    reader, writer = await connect(port)
    for number in range(count):
        if number and not work.keep_alive:
            writer.close()
            reader, writer = await connect(port)
        writer.write(request)
        status, body = await read_reply(reader)
        if (
            status != 200
            or (work.stream and body.count(b"word") != EVENTS)
            or (not work.stream and b"All is" not in body)
        ):
            raise SystemExit(f"wrong reply on port {port}: {status} {body[:300]!r}")
    writer.close()


def report(
    samples: dict[str, dict[str, list[float]]], starts: dict[str, float], memory: dict[str, float], *, as_json: bool
) -> None:
    """A table for people, JSON for programs."""
    names = list(starts)
    costs = {work: {name: statistics.median(of_work[name]) for name in names} for work, of_work in samples.items()}
    ratios = {work: {name: ratio(of_work, name) for name in ("stock", "stream")} for work, of_work in samples.items()}
    if as_json:
        said = {"cpu_us": costs, "ratio": ratios, "idle_rss_mb": memory, "start_to_first_answer_s": starts}
        print(json.dumps(said, indent=1))
        return
    print(f"{'CPU microseconds':28}" + "".join(f"{name:>10}" for name in names) + f"{'to stock':>10}{'to stream':>10}")
    for work, of_work in costs.items():
        figures = "".join(f"{of_work[name]:10.1f}" for name in names)
        print(f"{work:28}{figures}" + "".join(f"{of_one:10.2f}" for of_one in ratios[work].values()))
    print(f"{'idle RSS, MB':28}" + "".join(f"{memory[name]:10.1f}" for name in names))
    print(f"{'start to first answer, s':28}" + "".join(f"{starts[name]:10.2f}" for name in names))


def all_starts(directory: Path, upstream: int) -> Iterator[Start]:
    """The three."""
    yield stock("stock", directory, upstream, streaming=False)
    yield stock("stream", directory, upstream, streaming=True)
    yield ours("ours", directory, upstream)


def first_request(start: Start) -> None:
    """One small request."""
    asyncio.run(drive(Work("first", 1, 1, False, small(False)), start))


if __name__ == "__main__":
    main()
