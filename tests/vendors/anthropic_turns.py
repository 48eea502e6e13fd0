"""A Messages conversation as the model sees it: turns and blocks."""

import re
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors.rules import Asked

VERSION: Final = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:-(\d{1,2}))?(?!\d)")


def version_of(model: str) -> tuple[int, int]:
    """Of a Claude model, (4, 5) for claude-sonnet-4-5; (0, 0) for a name that does not say."""
    found = VERSION.match(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def blocks(content: Any) -> list[dict[str, Any]]:
    """Content as blocks, which a string is short for."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def turns_of(messages: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The conversation as the model sees it: neighbours of one role are one turn, system turns are left out."""
    merged: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        if message["role"] == "system":
            continue
        if merged and merged[-1][0] == message["role"]:
            merged[-1][1].extend(blocks(message["content"]))
        else:
            merged.append((message["role"], list(blocks(message["content"]))))
    return merged


def turns(asked: Asked) -> list[tuple[str, list[dict[str, Any]]]]:
    """Those of a request."""
    return turns_of(asked.body["messages"])


def all_blocks(asked: Asked) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every block of every message with its place."""
    for number, message in enumerate(asked.body["messages"]):
        for index, block in enumerate(blocks(message["content"])):
            yield f"messages.{number}.content.{index}", block
