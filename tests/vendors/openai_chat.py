"""A simulated chat-completions vendor: OpenAI itself, or one of the many compatible ones."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors import openai_chat_rules as rules
from tests.vendors.behaviour import Declined, Reply, Stop, Text, Thinking, Tokens, ToolCall, pieces
from tests.vendors.model import ANY_TOOL, Prompt, count_tokens, tokens_of
from tests.vendors.openai_models import CREATED_S, model_list
from tests.vendors.rules import Asked, Refusal
from tests.vendors.server import Request
from tests.vendors.vendor import Vendor

DELTA_SIZE: Final = 12
STOPS: Final = {
    Stop.END: "stop",
    Stop.LENGTH: "length",
    Stop.STOP_SEQUENCE: "stop",
    Stop.TOOLS: "tool_calls",
    Stop.REFUSAL: "stop",
    Stop.FILTER: "content_filter",
}
KINDS: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES: Final = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class OpenAIChatVendor(Vendor):
    """api.openai.com (`genuine`) or a compatible on loopback. `base_url` ends in /v1, as its SDK takes it.

    A compatible ignores unknown fields, wants `max_tokens`, thinks aloud in `reasoning_content`, puts usage on the
    finish chunk, and may leave out `[DONE]` (`done=False`).
    """

    def __init__(self, *, genuine: bool = False, done: bool = True, **common: Any) -> None:
        super().__init__(**common)
        self.genuine = genuine
        self.done = done

    @property
    def base_url(self) -> str:
        """With /v1."""
        return self.origin + "/v1"

    def is_generation(self, request: Request) -> bool:
        """POST /v1/chat/completions."""
        return request.method == "POST" and request.path == "/v1/chat/completions"

    def authorize(self, request: Request) -> None:
        """Bearer only."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refusal(
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
                status=401,
                kind="invalid_request_error",
            )
        if not self.known_key(key):
            raise Refusal(
                f"Incorrect API key provided: {key[:4]}****. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                status=401,
                code="invalid_api_key",
                kind="invalid_request_error",
            )

    def check(self, asked: Asked) -> None:
        """The rules, then the model."""
        try:
            (rules.GENUINE if self.genuine else rules.COMPATIBLE).apply(asked)
        except (AttributeError, KeyError, TypeError) as error:  # Only a compatible gets here: nothing checks shapes.
            raise Refusal("Failed to deserialize the JSON body into the target type") from error
        model = asked.body["model"]
        if self.models is not None and model not in self.models:
            raise Refusal(
                f"The model `{model}` does not exist or you do not have access to it.",
                status=404,
                code="model_not_found",
                kind="invalid_request_error",
            )

    def prompt(self, body: dict[str, Any]) -> Prompt:
        """What the model sees."""
        last = _last_turn(body["messages"])
        parts = [part for message in last if message["role"] == "user" for part in _parts(message.get("content"))]
        choice = body.get("tool_choice")
        named = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
        wanted = body.get("response_format") or {}
        stop = body.get("stop") or ()
        effort = body.get("reasoning_effort")
        return Prompt(
            texts=tuple(part["text"] for part in parts if part["type"] == "text"),
            images=sum(part["type"] == "image_url" for part in parts),
            results=tuple(
                "".join(part.get("text", "") for part in _parts(message["content"]))
                for message in last
                if message["role"] == "tool"
            ),
            tools={
                tool["function"]["name"]: tool["function"].get("parameters", {})
                for tool in body.get("tools") or ()
                if tool["type"] == "function"
            },
            forced=ANY_TOOL if choice == "required" else named,
            parallel=body.get("parallel_tool_calls", True) is not False,
            schema=(wanted.get("json_schema") or {}).get("schema")
            or ({} if wanted.get("type") == "json_object" else None),
            thinking=effort not in (None, "none") and (not self.genuine or rules.is_reasoning(body["model"])),
            stops=(stop,) if isinstance(stop, str) else tuple(stop),
            max_tokens=body.get("max_tokens") or (body.get("max_completion_tokens") if self.genuine else None),
            input_tokens=count_tokens(json.dumps([body["messages"], body.get("tools")])),
        )

    def other(self, request: Request) -> bytes:
        """The model list."""
        if request.method == "GET" and request.path == "/v1/models":
            return model_list(self.models or ())
        raise Refusal(f"Invalid URL ({request.method} {request.path})", status=404, kind="invalid_request_error")

    def error_body(self, refusal: Refusal) -> dict[str, Any]:
        """The envelope of every error."""
        status = refusal.status
        kind = refusal.kind or KINDS.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
        code = refusal.code or (CODES.get(status) if not refusal.kind else None)
        return {"error": {"message": refusal.message, "type": kind, "param": refusal.param, "code": code}}

    def error_frame(self, refusal: Refusal) -> bytes:
        """A chunk with `error` and no choices."""
        return _frame(self.error_body(refusal))

    def headers(self, number: int) -> dict[str, str]:
        """As OpenAI names them."""
        return {"x-request-id": f"req_sim{number:06d}", "openai-processing-ms": "1"}

    def frames(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> list[bytes]:
        """Chunks, then [DONE]."""
        usage = _usage(tokens_of(reply, prompt))
        asked_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        head = self._head_of(body, number, "chat.completion.chunk")
        extra: dict[str, Any] = {"usage": None} if asked_usage and self.genuine else {}
        frames = [_frame({**head, "choices": [_choice(delta)], **extra}) for delta in self._deltas(reply, number)]
        finish = {**head, "choices": [_choice({}, STOPS[reply.why])], **extra}
        if not self.genuine:
            finish["usage"] = usage
        frames.append(_frame(finish))
        if self.genuine and asked_usage:
            frames.append(_frame({**head, "choices": [], "usage": usage}))
        if self.done:
            frames.append(b"data: [DONE]\n\n")
        return frames

    def whole(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> bytes:
        """A chat.completion."""
        calls = [part for part in reply.parts if isinstance(part, ToolCall)]
        spoken = [part.text for part in reply.parts if isinstance(part, Text)]
        declined = [part.text for part in reply.parts if isinstance(part, Declined)]
        thoughts = [part.text for part in reply.parts if isinstance(part, Thinking)]
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(spoken) if spoken or not (calls or declined) else None,
            "refusal": "".join(declined) or None,
        }
        if thoughts and not self.genuine:
            message["reasoning_content"] = "".join(thoughts)
        if calls:
            message["tool_calls"] = [
                {"id": _call_id(call, number, index), "type": "function", "function": _function(call, call.arguments)}
                for index, call in enumerate(calls)
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": STOPS[reply.why]}
        usage = _usage(tokens_of(reply, prompt))
        return json.dumps(
            {**self._head_of(body, number, "chat.completion"), "choices": [choice], "usage": usage}
        ).encode()

    def _head_of(self, body: dict[str, Any], number: int, kind: str) -> dict[str, Any]:
        head = {"id": f"chatcmpl-sim{number:06d}", "object": kind, "created": CREATED_S, "model": body["model"]}
        if self.genuine:
            head |= {"service_tier": "default", "system_fingerprint": "fp_simulated"}
        return head

    def _deltas(self, reply: Reply, number: int) -> Iterator[dict[str, Any]]:
        first: dict[str, Any] = {"role": "assistant", "content": ""}
        yield {**first, "refusal": None} if self.genuine else first
        calls: list[ToolCall] = []
        for part in reply.parts:
            match part:
                case ToolCall():
                    calls.append(part)
                case Text(text=words):
                    yield from ({"content": piece} for piece in pieces(words, DELTA_SIZE))
                case Declined(text=words):
                    yield from ({"refusal": piece} for piece in pieces(words, DELTA_SIZE))
                case Thinking(text=words) if not self.genuine:
                    yield from ({"reasoning_content": piece} for piece in pieces(words, DELTA_SIZE))
                case Thinking():
                    pass
        yield from _call_deltas(calls, number, interleaved=reply.interleaved)


def _call_deltas(calls: list[ToolCall], number: int, *, interleaved: bool) -> Iterator[dict[str, Any]]:
    """Id and name first, then the arguments in pieces; one call after the other, or in turns."""
    streams = []
    for index, call in enumerate(calls):
        opening = {
            "index": index,
            "id": _call_id(call, number, index),
            "type": "function",
            "function": _function(call, ""),
        }
        rest = [{"index": index, "function": {"arguments": piece}} for piece in pieces(call.arguments, DELTA_SIZE)]
        streams.append([opening, *rest])
    if interleaved:
        longest = max((len(stream) for stream in streams), default=0)
        order = [stream[turn] for turn in range(longest) for stream in streams if turn < len(stream)]
    else:
        order = [delta for stream in streams for delta in stream]
    yield from ({"tool_calls": [delta]} for delta in order)


def _call_id(call: ToolCall, number: int, index: int) -> str:
    return call.id or f"call_sim{number}_{index}"


def _function(call: ToolCall, arguments: str) -> dict[str, str]:
    return {"name": call.name, "arguments": arguments}


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _usage(tokens: Tokens) -> dict[str, Any]:
    """The prompt with what came from the cache, the answer with its reasoning."""
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    }


def _last_turn(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages behind the last one of the assistant; system messages do not count."""
    last: list[dict[str, Any]] = []
    for message in reversed(messages):
        if message["role"] == "assistant":
            break
        if message["role"] in ("user", "tool"):
            last.insert(0, message)
    return last


def _parts(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def _frame(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
