"""Requests to Gemini, as it gets them, and what it says."""

import json
from typing import Any

from tests.conformance.judges import check_accepted
from translators import translate_request
from translators.dialect import Target

FLASH = Target("gemini-2.5-flash", genuine=True)
THIRD = Target("gemini-3-pro-preview", stream=True, genuine=True)
OLD = Target("gemini-2.5-pro", stream=True)
ASK = {"role": "user", "content": "hi"}


def sent(body: dict[str, Any], client: str, target: Target = FLASH) -> dict[str, Any]:
    """A client's request, as Gemini gets it."""
    made = translate_request(json.dumps({"model": "m", **body}).encode(), client, "gemini", target=target)
    check_accepted("gemini", target, made.body)
    found = json.loads(made.body)
    assert isinstance(found, dict)
    return found


def from_claude(*messages: dict[str, Any], target: Target = FLASH, **fields: Any) -> dict[str, Any]:
    return sent({"max_tokens": 9, "messages": list(messages), **fields}, "anthropic", target)


def marks(parts: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """(what it is, its signature) of each part."""
    kinds = [next(key for key in part if key not in ("thought", "thoughtSignature")) for part in parts]
    return [(kind, part.get("thoughtSignature")) for kind, part in zip(kinds, parts, strict=True)]


def use(call_id: str, name: str = "read", given: Any = None) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": {} if given is None else given}


def answer(call_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call_id, **fields}


def responses_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        part["functionResponse"]
        for content in body["contents"]
        for part in content["parts"]
        if "functionResponse" in part
    ]


def said(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": list(parts)}, **fields}
