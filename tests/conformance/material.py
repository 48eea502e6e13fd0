"""What the conformance tests run on: every registered dialect, every ordered pair, every recording that is there."""

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import CLIENTS, OURS, WIRE, files
from translators.registry import all_dialects

DIALECTS = sorted(all_dialects())
PAIRS = list(permutations(DIALECTS, 2))


def name_of(case: object) -> str:
    """A case as a test's name shows it."""
    if isinstance(case, Path):
        return case.name
    return "-".join(map(str, case)) if isinstance(case, tuple) else str(case)


def of_each_dialect(*endings: str) -> list[Any]:
    """(dialect, file) for each recording with one of these endings."""
    return [pytest.param(name, path, id=path.name) for name in DIALECTS for path in recordings(name, *endings)]


def of_each_pair(*endings: str) -> list[Any]:
    """(source, other, file): each recording of one dialect with each other dialect."""
    return [
        pytest.param(source, other, path, id=f"{path.name}-{other}")
        for source, other in PAIRS
        for path in recordings(source, *endings)
    ]


def recordings(dialect: str, *endings: str) -> list[Path]:
    """The files of a dialect, ours and those beside the project."""
    return [path for folder in (OURS, WIRE) for ending in endings for path in files(folder / dialect, f"*{ending}")]


def status_of(path: Path) -> int:
    """The HTTP status that a recorded reply came with; 200 where its SOURCES do not say."""
    sources = path.parent / "SOURCES"
    for line in sources.read_text().splitlines() if sources.exists() else ():
        fields = line.split("\t")
        if fields[0] == path.name and fields[1].startswith("status "):
            return int(fields[1].removeprefix("status "))
    return 200


GENERATE_PATHS = {"anthropic": "/v1/messages", "openai_chat": "/chat/completions", "openai_responses": "/responses"}


def client_requests(dialect: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, body) of what real clients were seen to send in this dialect; long texts are cut, tools put back."""
    ending = GENERATE_PATHS.get(dialect)
    for path in sorted((CLIENTS / "requests").glob("*.json")) if ending else ():
        tools = CLIENTS / "tools" / path.name
        lists = json.loads(tools.read_text()) if tools.exists() else []
        for number, request in enumerate(json.loads(path.read_text())["requests"]):
            body = request.get("body")
            if request.get("path", "").endswith(ending) and isinstance(body, dict) and "messages" in body:
                yield f"{path.stem}-{number}", _with_tools(body, lists)


def _with_tools(body: dict[str, Any], lists: list[list[Any]]) -> dict[str, Any]:
    """A recording says "24 tools, see tools/: ..." and keeps the list itself elsewhere."""
    said = body.get("tools")
    if not isinstance(said, str):
        return body
    return {**body, "tools": next(tools for tools in lists if len(tools) == int(said.split()[0]))}


def client_tools(dialect: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(name, tools) of real clients that speak this dialect: complete lists, descriptions blanked."""
    seen = {name.rpartition("-")[0] for name, _ in client_requests(dialect)}
    for path in sorted((CLIENTS / "tools").glob("*.json")):
        if path.stem in seen:
            for number, tools in enumerate(json.loads(path.read_text())):
                yield f"{path.stem}-{number}", tools
