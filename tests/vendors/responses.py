"""A simulated vendor of Responses: OpenAI's own API, xAI's, or the backend of Codex at ChatGPT."""

import json
from itertools import chain
from typing import Any, Final, Literal

from tests.vendors import responses_rules as rules
from tests.vendors.behaviour import Reply
from tests.vendors.model import ANY_TOOL, Prompt, count_tokens, tokens_of
from tests.vendors.openai_chat_rules import is_reasoning
from tests.vendors.openai_models import CREATED_S, model_list
from tests.vendors.responses_frames import (
    SEAL,
    Items,
    ending,
    event,
    in_turns,
    numbered,
    of_item,
    response,
    usage,
)
from tests.vendors.rules import Asked, Refusal
from tests.vendors.server import Request
from tests.vendors.vendor import Vendor, read_object

KINDS: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES: Final = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
RESETS_IN_S: Final = 3600


class ResponsesVendor(Vendor):
    """`genuine`: api.openai.com; else the Codex backend, which only streams and leaves the output out of its end.

    `fails_by`: the event that tells of a failure inside a stream. A refusal with the code `usage_limit_reached` is
    worded as that of a plan which is used up.
    """

    def __init__(
        self, *, genuine: bool = False, fails_by: Literal["error", "failed"] = "failed", **common: Any
    ) -> None:
        super().__init__(**common)
        self.genuine = genuine
        self.fails_by = fails_by
        self._number = 0

    @property
    def root(self) -> str:
        """The path before /responses."""
        return "/v1" if self.genuine else "/backend-api/codex"

    @property
    def base_url(self) -> str:
        """With the path."""
        return self.origin + self.root

    def is_generation(self, request: Request) -> bool:
        """POST .../responses."""
        return request.method == "POST" and request.path == f"{self.root}/responses"

    @property
    def compactions(self) -> list[Request]:
        """The requests that asked for one."""
        return [request for request in self.requests if request.path == f"{self.root}/responses/compact"]

    def authorize(self, request: Request) -> None:
        """Bearer only."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.known_key(key):
            raise Refusal(f"Incorrect API key provided: {key[:4]}****.", status=401, code="invalid_api_key")

    def check(self, asked: Asked) -> None:
        """The rules, then the model."""
        (rules.GENUINE if self.genuine else rules.BACKEND).apply(asked)
        model = asked.body.get("model")
        if self.models is None or model in self.models:
            return
        if not self.genuine:
            message = f"The '{model}' model is not supported when using Codex with a ChatGPT account."
            raise Refusal(message, kind="detail")
        raise Refusal(
            f"The requested model '{model}' does not exist.",
            param="model",
            code="model_not_found",
            kind="invalid_request_error",
        )

    def prompt(self, body: dict[str, Any]) -> Prompt:
        """What the model sees."""
        last = _last_turn(body.get("input"))
        parts = [part for item in last if item.get("role") == "user" for part in _parts(item.get("content"))]
        choice = body.get("tool_choice")
        wanted = (body.get("text") or {}).get("format") or {}
        effort = (body.get("reasoning") or {}).get("effort")
        return Prompt(
            texts=tuple(part["text"] for part in parts if part["type"] == "input_text"),
            images=sum(part["type"] == "input_image" for part in parts),
            results=tuple(str(item["output"]) for item in last if item.get("type", "").endswith("call_output")),
            tools={
                tool["name"]: tool.get("parameters") or {}
                for tool in body.get("tools") or ()
                if tool["type"] in ("function", "custom")
            },
            forced=ANY_TOOL if choice == "required" else choice.get("name") if isinstance(choice, dict) else None,
            parallel=body.get("parallel_tool_calls", True) is not False,
            schema=wanted.get("schema") or ({} if wanted.get("type") == "json_object" else None),
            thinking=effort not in (None, "none") and is_reasoning(body["model"]),
            max_tokens=body.get("max_output_tokens"),
            input_tokens=count_tokens(json.dumps([body.get("input"), body.get("tools")])),
        )

    def other(self, request: Request) -> bytes:
        """Compactions, token counts and the model list."""
        path = request.path.removeprefix(self.root)
        if request.method == "POST" and path == "/responses/compact":
            return self._compacted(request)
        if request.method == "POST" and path == "/responses/input_tokens" and self.genuine:
            body = read_object(request)
            self.check(Asked(request, body))
            read = [body[name] for name in ("instructions", "input", "tools") if name in body]
            counted = sum(count_tokens(json.dumps(value)) for value in read)
            return json.dumps({"object": "response.input_tokens", "input_tokens": counted}).encode()
        if request.method == "GET" and path == "/models":
            return model_list(self.models or ())
        raise Refusal(f"Invalid URL ({request.method} {request.path})", status=404, kind="invalid_request_error")

    def error_body(self, refusal: Refusal) -> dict[str, Any]:
        """OpenAI's object, a plan's limit, or the backend's bare detail."""
        if refusal.kind == "detail":
            return {"detail": refusal.message}
        return {"error": self._error(refusal)}

    def error_frame(self, refusal: Refusal) -> bytes:
        """As the API words it inside a stream."""
        error = self._error(refusal)
        if self.fails_by == "error":
            return numbered([event("error", error=error)])[0]
        failed = response({}, self._number, status="failed", error=error)
        return numbered([event("response.failed", response=failed)])[0]

    def headers(self, number: int) -> dict[str, str]:
        """As OpenAI names them."""
        return {"x-request-id": f"req_sim{number:06d}", "openai-processing-ms": "1"}

    def frames(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> list[bytes]:
        """Created, in progress, the items, the end."""
        self._number = number
        items = self._items(reply, body, number)
        begun = response(body, number)
        streams = [of_item(index, items.begun(index), finished) for index, finished in enumerate(items.finished)]
        how = ending(reply)
        output = items.finished if self.genuine else []
        ended = response(body, number, **how, output=output, usage=usage(tokens_of(reply, prompt)))
        return numbered(
            [
                event("response.created", response=begun),
                event("response.in_progress", response=begun),
                *(in_turns(streams) if reply.interleaved else chain.from_iterable(streams)),
                event(f"response.{how['status']}", response=ended),
            ]
        )

    def whole(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> bytes:
        """The reply in one piece."""
        output = self._items(reply, body, number).finished
        tokens = usage(tokens_of(reply, prompt))
        return json.dumps(response(body, number, **ending(reply), output=output, usage=tokens)).encode()

    def _items(self, reply: Reply, body: dict[str, Any], number: int) -> Items:
        tools = body.get("tools") or ()
        return Items(reply, number, frozenset(tool["name"] for tool in tools if tool["type"] == "custom"))

    def _compacted(self, request: Request) -> bytes:
        body = read_object(request)
        self.check(Asked(request, body))
        kept = [item for item in body["input"] if item.get("role") == "user"] if isinstance(body["input"], list) else []
        sealed = {"type": "compaction", "id": "cmp_sim", "encrypted_content": f"{SEAL}c29tZXRoaW5n"}
        return json.dumps(
            {
                "id": "resp_compacted",
                "object": "response.compaction",
                "created_at": CREATED_S,
                "output": [*kept, sealed],
                "usage": usage(tokens_of(Reply(), Prompt())),
            }
        ).encode()

    def _error(self, refusal: Refusal) -> dict[str, Any]:
        status = refusal.status
        if refusal.code == "usage_limit_reached":
            return {
                "type": refusal.code,
                "message": refusal.message,
                "plan_type": "plus",
                "resets_in_seconds": RESETS_IN_S,
            }
        kind = refusal.kind or KINDS.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
        code = refusal.code or (CODES.get(status) if not refusal.kind else None)
        return {"message": refusal.message, "type": kind, "param": refusal.param, "code": code}


def _last_turn(given: Any) -> list[dict[str, Any]]:
    """The items behind the last ones of the model."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    last: list[dict[str, Any]] = []
    for item in reversed(given or ()):
        if item.get("role") == "assistant" or item.get("type") in ("function_call", "custom_tool_call", "reasoning"):
            break
        last.insert(0, item)
    return last


def _parts(content: Any) -> list[dict[str, Any]]:
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else list(content or ())
