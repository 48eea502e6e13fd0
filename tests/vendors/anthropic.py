"""A simulated Anthropic: Messages, token counts and models, as strict as the real one."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors import anthropic_rules as rules
from tests.vendors.anthropic_signature import sign
from tests.vendors.anthropic_turns import turns_of
from tests.vendors.behaviour import Declined, Part, Reply, Stop, Text, Thinking, Tokens, ToolCall, pieces
from tests.vendors.model import ANY_TOOL, Prompt, count_tokens, tokens_of
from tests.vendors.rules import Asked, Refusal
from tests.vendors.server import Request
from tests.vendors.vendor import Vendor, read_object

KINDS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
STOPS: Final = {
    Stop.END: "end_turn",
    Stop.LENGTH: "max_tokens",
    Stop.STOP_SEQUENCE: "stop_sequence",
    Stop.TOOLS: "tool_use",
    Stop.REFUSAL: "refusal",
    Stop.FILTER: "refusal",
}
DELTA_SIZE: Final = 12


class AnthropicVendor(Vendor):
    """api.anthropic.com on loopback. `base_url` is without /v1, as its SDK takes it."""

    @property
    def base_url(self) -> str:
        """Without a path."""
        return self.origin

    def is_generation(self, request: Request) -> bool:
        """POST /v1/messages."""
        return request.method == "POST" and request.path == "/v1/messages"

    def authorize(self, request: Request) -> None:
        """x-api-key, or Bearer as OAuth tokens come."""
        if not request.path.startswith("/v1/"):
            return
        if not request.credential:
            raise Refusal("x-api-key header is required", status=401)
        if not self.known_key(request.credential):
            kind = "x-api-key" if "x-api-key" in request.headers else "bearer token"
            raise Refusal(f"invalid {kind}", status=401)

    def check(self, asked: Asked) -> None:
        """The rules, then the model."""
        rules.RULES.apply(asked)
        if self.models is not None and asked.body["model"] not in self.models:
            raise Refusal(f"model: {asked.body['model']}", status=404)

    def prompt(self, body: dict[str, Any]) -> Prompt:
        """What the model sees."""
        last = [block for role, blocks in turns_of(body["messages"])[-1:] if role == "user" for block in blocks]
        choice = body.get("tool_choice") or {}
        output = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        return Prompt(
            texts=tuple(block["text"] for block in last if block["type"] == "text"),
            images=sum(block["type"] == "image" for block in last),
            results=tuple(_text_of(block.get("content", "")) for block in last if block["type"] == "tool_result"),
            tools={tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools") or ()},
            forced={"any": ANY_TOOL, "tool": choice.get("name")}.get(choice.get("type", "")),
            parallel=not choice.get("disable_parallel_tool_use", False),
            schema=output.get("schema"),
            thinking=(body.get("thinking") or {}).get("type", "disabled") != "disabled",
            stops=tuple(body.get("stop_sequences") or ()),
            max_tokens=body.get("max_tokens"),
            input_tokens=count_tokens(json.dumps([body.get(key) for key in ("system", "tools", "messages")])),
        )

    def other(self, request: Request) -> bytes:
        """Token counts and the model list."""
        if request.method == "POST" and request.path == "/v1/messages/count_tokens":
            body = read_object(request)
            self.check(Asked(request, body))
            return json.dumps({"input_tokens": self.prompt(body).input_tokens}).encode()
        if request.method == "GET" and request.path == "/v1/models":
            names = self.models or ()
            data = [
                {"type": "model", "id": name, "display_name": name, "created_at": "2025-09-29T00:00:00Z"}
                for name in names
            ]
            first, last = (names[0], names[-1]) if names else (None, None)
            return json.dumps({"data": data, "has_more": False, "first_id": first, "last_id": last}).encode()
        raise Refusal("Not found", status=404)

    def error_body(self, refusal: Refusal) -> dict[str, Any]:
        """The envelope of every error."""
        kind = refusal.kind or KINDS.get(refusal.status, "api_error")
        error = {"type": kind, "message": refusal.message}
        return {"type": "error", "error": error, "request_id": "req_sim"}

    def error_frame(self, refusal: Refusal) -> bytes:
        """`event: error`."""
        body = self.error_body(refusal)
        return _frame("error", {"type": "error", "error": body["error"], "request_id": body["request_id"]})

    def headers(self, number: int) -> dict[str, str]:
        """As Anthropic names them."""
        return {"request-id": f"req_sim{number:06d}", "anthropic-organization-id": "org-simulated"}

    def frames(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> list[bytes]:
        """message_start, the blocks, message_delta, message_stop."""
        usage = _usage(tokens_of(reply, prompt))
        start = {**self._message(body, number), "content": [], "usage": {**usage, "output_tokens": 1}}
        start["usage"].pop("output_tokens_details", None)
        frames = [_frame("message_start", {"type": "message_start", "message": start})]
        for index, part in enumerate(reply.parts):
            frames += _block_frames(index, part, number)
            if index == 0:
                frames.insert(2, _frame("ping", {"type": "ping"}))
        delta = {"stop_reason": STOPS[reply.why], "stop_sequence": reply.stop_sequence}
        frames.append(_frame("message_delta", {"type": "message_delta", "delta": delta, "usage": usage}))
        frames.append(_frame("message_stop", {"type": "message_stop"}))
        return frames

    def whole(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> bytes:
        """A Message."""
        message = {
            **self._message(body, number),
            "content": [_block(part, f"toolu_sim{number}_{index}") for index, part in enumerate(reply.parts)],
            "stop_reason": STOPS[reply.why],
            "stop_sequence": reply.stop_sequence,
            "usage": _usage(tokens_of(reply, prompt)),
        }
        return json.dumps(message).encode()

    def _message(self, body: dict[str, Any], number: int) -> dict[str, Any]:
        return {
            "id": f"msg_sim{number:06d}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "stop_reason": None,
            "stop_sequence": None,
        }


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content)


def _usage(tokens: Tokens) -> dict[str, Any]:
    """`input_tokens` is without what the cache gave or took."""
    return {
        "input_tokens": tokens.input - tokens.cached - tokens.cache_written,
        "cache_creation_input_tokens": tokens.cache_written,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
    }


def _block(part: Part, call_id: str) -> dict[str, Any]:
    match part:
        case Text(text=words) | Declined(text=words):
            return {"type": "text", "text": words}
        case Thinking(text=words, redacted=True):
            return {"type": "redacted_thinking", "data": sign("redacted")}
        case Thinking(text=words):
            return {"type": "thinking", "thinking": words, "signature": sign(words)}
        case ToolCall():
            arguments = json.loads(part.arguments)
            return {"type": "tool_use", "id": part.id or call_id, "name": part.name, "input": arguments}


def _block_frames(index: int, part: Part, number: int) -> Iterator[bytes]:
    """content_block_start, its deltas, content_block_stop."""
    opening: dict[str, Any]
    deltas: list[dict[str, str]] = []
    match part:
        case Text(text=words) | Declined(text=words):
            opening = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(words, DELTA_SIZE)]
        case Thinking(redacted=True):
            opening = _block(part, "")
        case Thinking(text=words):
            opening = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(words, DELTA_SIZE)]
            deltas.append({"type": "signature_delta", "signature": sign(words)})
        case ToolCall():
            call_id = part.id or f"toolu_sim{number}_{index}"
            opening = {"type": "tool_use", "id": call_id, "name": part.name, "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": ""}] if part.arguments != "{}" else []
            written = pieces(part.arguments, DELTA_SIZE) if part.arguments != "{}" else []
            deltas += [{"type": "input_json_delta", "partial_json": piece} for piece in written]
    yield _frame("content_block_start", {"type": "content_block_start", "index": index, "content_block": opening})
    for delta in deltas:
        yield _frame("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta})
    yield _frame("content_block_stop", {"type": "content_block_stop", "index": index})


def _frame(event: str, data: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
