"""What the conformance tests run on: every dialect, every pair that is translated, every recording that is there."""

import json
import re
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import CLIENTS, OURS, WIRE, files
from translators.registry import all_dialects, dialect

DIALECTS = sorted(all_dialects())


UPSTREAM_DIALECTS = [name for name in DIALECTS if not dialect(name).client_only]
TWO_WAY_PAIRS = list(permutations(UPSTREAM_DIALECTS, 2))
REQUEST_PAIRS = [(client, upstream) for client in DIALECTS for upstream in UPSTREAM_DIALECTS if client != upstream]
"""(client, upstream)"""
REPLY_PAIRS = [(upstream, client) for client, upstream in REQUEST_PAIRS]
"""(upstream, client)"""


def name_of(case: object) -> str:
    """A case as a test's name shows it."""
    if isinstance(case, Path):
        return case.name
    return "-".join(map(str, case)) if isinstance(case, tuple) else str(case)


def of_each_dialect(*endings: str) -> list[Any]:
    """(dialect, file) for each recorded reply with one of these endings."""
    return [pytest.param(name, path, id=path.name) for name in UPSTREAM_DIALECTS for path in recordings(name, *endings)]


def of_each_pair(*endings: str) -> list[Any]:
    """(upstream, client, file): each recorded reply of a dialect with each other dialect that reads it."""
    return [
        pytest.param(source, other, path, id=f"{path.name}-{other}")
        for source, other in REPLY_PAIRS
        for path in recordings(source, *endings)
    ]


def recordings(name: str, *endings: str) -> list[Path]:
    """The files of a dialect, ours and those beside the project."""
    return [path for folder in (OURS, WIRE) for ending in endings for path in files(folder / name, f"*{ending}")]


def status_of(path: Path) -> int:
    """The HTTP status that a recorded reply came with; 200 where its SOURCES do not say."""
    sources = path.parent / "SOURCES"
    for line in sources.read_text().splitlines() if sources.exists() else ():
        fields = line.split("\t")
        if fields[0] == path.name and fields[1].startswith("status "):
            return int(fields[1].removeprefix("status "))
    return 200


GENERATE_PATHS = {
    "anthropic": r"/v1/messages",
    "gemini": r":(g|streamG)enerateContent",
    "openai_chat": r"/chat/completions",
    "openai_responses": r"/responses",
}
MESSAGES = {"anthropic": "messages", "gemini": "contents", "openai_chat": "messages", "openai_responses": "input"}
"""Where a request of a dialect holds its list of messages."""


def client_requests(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, body) of what real clients were seen to send in this dialect; long texts are cut, tools put back."""
    ending = GENERATE_PATHS.get(name)
    for path in sorted((CLIENTS / "requests").glob("*.json")) if ending else ():
        tools = CLIENTS / "tools" / path.name
        lists = json.loads(tools.read_text()) if tools.exists() else []
        for number, request in enumerate(json.loads(path.read_text())["requests"]):
            body = request.get("body")
            if isinstance(body, dict) and MESSAGES[name] in body and re.search(f"{ending}$", request.get("path", "")):
                yield f"{path.stem}-{number}", _with_tools(body, lists)


def asked(source: str) -> list[Any]:
    """The requests of a dialect that its vendor answered with a reply."""
    bodies: list[tuple[str, bytes]] = []
    for path in recordings(source, ".request.json"):
        stem = path.name.removesuffix(".request.json")
        replies = [reply for reply in path.parent.glob(f"{stem}.*") if reply != path]
        if replies and status_of(replies[0]) == 200:
            bodies.append((stem, path.read_bytes()))
    bodies += [(name, json.dumps(body).encode()) for name, body in client_requests(source)]
    return [pytest.param(body, id=name) for name, body in bodies if is_whole(json.loads(body))]


def is_whole(body: dict[str, Any]) -> bool:
    """Whether it can be served by who did not serve the turns before: it builds on nothing that a vendor keeps."""
    kept = body.keys() & {"previous_response_id", "conversation", "prompt"}
    return not kept and body.get("input", True) != []


def _with_tools(body: dict[str, Any], lists: list[list[Any]]) -> dict[str, Any]:
    """A recording says "24 tools, see tools/: ..." and keeps the list itself elsewhere, but not each time."""
    said = body.get("tools")
    if not isinstance(said, str):
        return body
    rest = {key: value for key, value in body.items() if key != "tools"}
    kept = [tools for tools in lists if _functions(tools) == int(said.split()[0])]
    return {**rest, "tools": kept[0]} if kept else rest


def _functions(tools: list[Any]) -> int:
    """How many there are: some vendors hold them in lists of their own."""
    return sum(len(tool.get("functionDeclarations", tool.get("tools", "1"))) for tool in tools)


def client_tools(name: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(name, tools) of real clients that speak this dialect: complete lists, descriptions blanked."""
    seen = {case.rpartition("-")[0] for case, _ in client_requests(name)}
    for path in sorted((CLIENTS / "tools").glob("*.json")):
        if path.stem in seen:
            for number, tools in enumerate(json.loads(path.read_text())):
                yield f"{path.stem}-{number}", tools
