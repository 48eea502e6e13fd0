"""How a simulated Responses vendor says a reply: its items, and the events that tell of them."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors.behaviour import Declined, Part, Reply, Stop, Text, Thinking, Tokens, ToolCall, pieces
from tests.vendors.openai_models import CREATED_S

DELTA_SIZE: Final = 12
SEAL: Final = "gAAAAA"

type Json = dict[str, Any]


class Items:
    """The items of one reply. `free`: the tools whose input is free text."""

    def __init__(self, reply: Reply, number: int, free: frozenset[str]) -> None:
        self._number = number
        self._free = free
        self.parts = reply.parts
        self.finished = [self._finished(index, part) for index, part in enumerate(reply.parts)]

    def _finished(self, index: int, part: Part) -> Json:
        place = f"sim{self._number}_{index}"
        match part:
            case Thinking(text=text, redacted=redacted):
                summary = [] if redacted else [{"type": "summary_text", "text": text}]
                sealed = SEAL + base64.urlsafe_b64encode(text.encode()).decode()
                return {"type": "reasoning", "id": f"rs_{place}", "summary": summary, "encrypted_content": sealed}
            case ToolCall() if part.name in self._free:
                return {
                    "type": "custom_tool_call",
                    "id": f"ctc_{place}",
                    "call_id": part.id or f"call_{place}",
                    "name": part.name,
                    "input": part.arguments,
                    "status": "completed",
                }
            case ToolCall():
                return {
                    "type": "function_call",
                    "id": f"fc_{place}",
                    "call_id": part.id or f"call_{place}",
                    "name": part.name,
                    "arguments": part.arguments,
                    "status": "completed",
                }
            case Text(text=text):
                content = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
            case Declined(text=text):
                content = {"type": "refusal", "refusal": text}
        return {
            "type": "message",
            "id": f"msg_{place}",
            "role": "assistant",
            "status": "completed",
            "content": [content],
        }

    def begun(self, index: int) -> Json:
        """An item before it has said anything."""
        item = dict(self.finished[index])
        for name, nothing in (("content", []), ("summary", []), ("arguments", ""), ("input", "")):
            if name in item:
                item[name] = nothing
        if "status" in item:
            item["status"] = "in_progress"
        return item


def event(kind: str, **fields: Any) -> Json:
    """One event, which is numbered when it leaves."""
    return {"type": kind, **fields}


def numbered(events: list[Json]) -> list[bytes]:
    """The frames of one stream."""
    counted = [{**said, "sequence_number": number} for number, said in enumerate(events)]
    return [f"event: {said['type']}\ndata: {json.dumps(said, separators=(',', ':'))}\n\n".encode() for said in counted]


def of_item(index: int, begun: Json, finished: Json) -> list[Json]:
    """All events of an item, from added to done."""
    where = {"item_id": finished["id"], "output_index": index}
    return [
        event("response.output_item.added", output_index=index, item=begun),
        *_between(where, finished),
        event("response.output_item.done", output_index=index, item=finished),
    ]


def _between(where: Json, item: Json) -> Iterator[Json]:
    match item["type"]:
        case "message":
            yield from _content({**where, "content_index": 0}, item["content"][0])
        case "reasoning":
            for number, piece in enumerate(item["summary"]):
                yield from _summary({**where, "summary_index": number}, piece["text"])
        case "function_call":
            yield from _deltas("response.function_call_arguments", where, item["arguments"])
            whole = {"arguments": item["arguments"], "name": item["name"]}
            yield event("response.function_call_arguments.done", **where, **whole)
        case "custom_tool_call":
            yield from _deltas("response.custom_tool_call_input", where, item["input"])
            yield event("response.custom_tool_call_input.done", **where, input=item["input"])


def _content(where: Json, content: Json) -> Iterator[Json]:
    field = "text" if content["type"] == "output_text" else "refusal"
    root = f"response.{content['type']}"
    more: Json = {"logprobs": []} if field == "text" else {}
    yield event("response.content_part.added", **where, part={**content, field: ""})
    yield from _deltas(root, {**where, **more}, content[field])
    yield event(f"{root}.done", **where, **more, **{field: content[field]})
    yield event("response.content_part.done", **where, part=content)


def _summary(where: Json, text: str) -> Iterator[Json]:
    part = {"type": "summary_text", "text": ""}
    yield event("response.reasoning_summary_part.added", **where, part=part)
    yield from _deltas("response.reasoning_summary_text", where, text)
    yield event("response.reasoning_summary_text.done", **where, text=text)
    yield event("response.reasoning_summary_part.done", **where, part={**part, "text": text})


def _deltas(root: str, where: Json, text: str) -> Iterator[Json]:
    for piece in pieces(text, DELTA_SIZE):
        yield event(f"{root}.delta", **where, delta=piece, obfuscation="x" * (16 - len(piece) % 16))


def response(body: Json, number: int, **more: Any) -> Json:
    """The reply's own object, which echoes the request."""
    return {
        "id": f"resp_sim{number:06d}",
        "object": "response",
        "created_at": CREATED_S,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": body.get("model"),
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": {"effort": (body.get("reasoning") or {}).get("effort"), "summary": None},
        "store": body.get("store", True),
        "temperature": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "metadata": {},
        **more,
    }


def ending(reply: Reply) -> Json:
    """Status and reason of a finished reply."""
    match reply.why:
        case Stop.LENGTH:
            return {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        case Stop.FILTER:
            return {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
        case _:
            return {"status": "completed"}


def usage(tokens: Tokens) -> Json:
    """The prompt with what came from the cache, the answer with its reasoning."""
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached, "cache_write_tokens": tokens.cache_written},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }


def in_turns(streams: list[list[Json]]) -> list[Json]:
    """One event of each in turn."""
    longest = max((len(stream) for stream in streams), default=0)
    return [stream[turn] for turn in range(longest) for stream in streams if turn < len(stream)]
