"""A simulated Gemini API, or Vertex AI with an API key: as strict as the real ones."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.vendors import gemini_rules as rules
from tests.vendors.behaviour import Declined, Part, Raw, Reply, Stop, Text, Thinking, Tokens, ToolCall, pieces
from tests.vendors.gemini_signature import sign
from tests.vendors.model import ANY_TOOL, Prompt, count_tokens, tokens_of
from tests.vendors.rules import Asked, Refusal
from tests.vendors.server import Request
from tests.vendors.vendor import SSE, Vendor, read_object

WORDS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
STOPS: Final = {Stop.LENGTH: "MAX_TOKENS", Stop.REFUSAL: "SAFETY", Stop.FILTER: "PROHIBITED_CONTENT"}
GENERATE: Final = re.compile(r"/(?:v1beta|v1)/(?:publishers/google/)?models/([^/]+):(generate|streamGenerate)Content")
TYPES: Final = "type.googleapis.com/google.rpc."
DELTA_SIZE: Final = 12


class GeminiVendor(Vendor):
    """generativelanguage.googleapis.com or (`vertex`) aiplatform.googleapis.com. `base_url` is without a version, as
    the SDK takes it."""

    def __init__(self, *, vertex: bool = False, **common: Any) -> None:
        super().__init__(**common)
        self.root = "/v1/publishers/google/models/" if vertex else "/v1beta/models/"

    @property
    def base_url(self) -> str:
        """Without a path."""
        return self.origin

    def is_generation(self, request: Request) -> bool:
        """POST …:generateContent and …:streamGenerateContent."""
        matched = GENERATE.fullmatch(request.path)
        return request.method == "POST" and matched is not None and request.path.startswith(self.root)

    def authorize(self, request: Request) -> None:
        """x-goog-api-key or ?key=. Source: answers of the vendor in github.com/google/timesketch/pull/3703."""
        key = request.credential or request.query.get("key", "")
        if not key:
            raise Refusal(
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key"
                " or other form of API consumer identity to call this API.",
                status=403,
            )
        if not self.known_key(key):
            raise Refusal("API key not valid. Please pass a valid API key.", code="API_KEY_INVALID")

    def check(self, asked: Asked) -> None:
        """The model, then the rules."""
        self._check_model(rules.model_of(asked))
        rules.RULES.apply(asked)

    def seen(self, asked: Asked) -> dict[str, Any]:
        """Model, stream and framing stand in the path and the query."""
        return {
            **asked.body,
            "model": rules.model_of(asked),
            "stream": ":streamGenerateContent" in asked.request.path,
            "array": asked.request.query.get("alt", "json") != "sse",
        }

    def stream_type(self, body: Mapping[str, Any]) -> str:
        """Events with alt=sse, else one JSON array."""
        return "application/json; charset=UTF-8" if body["array"] else SSE

    def prompt(self, body: dict[str, Any]) -> Prompt:
        """What the model sees."""
        contents = body.get("contents") or []
        last = contents[-1].get("parts", []) if contents and contents[-1].get("role", "user") == "user" else []
        config = rules.get(body, "generationConfig") or {}
        calling = rules.get(rules.get(body, "toolConfig") or {}, "functionCallingConfig") or {}
        allowed = rules.get(calling, "allowedFunctionNames") or [ANY_TOOL]
        thinking = rules.get(config, "thinkingConfig") or {}
        schema = rules.get(config, "responseJsonSchema") or rules.get(config, "responseSchema")
        wants_json = rules.get(config, "responseMimeType") == "application/json"
        return Prompt(
            texts=tuple(part["text"] for part in last if part.get("text") and not part.get("thought")),
            images=sum(rules.get(part, "inlineData") is not None for part in last),
            results=tuple(
                json.dumps(answer.get("response")) for part in last if (answer := rules.get(part, "functionResponse"))
            ),
            tools={
                declared["name"]: _plain(
                    rules.get(declared, "parametersJsonSchema") or declared.get("parameters") or {}
                )
                for tool in body.get("tools") or ()
                for declared in rules.get(tool, "functionDeclarations") or ()
            },
            forced=allowed[0] if str(calling.get("mode")).upper() == "ANY" else None,
            schema=_plain(schema) if schema is not None else ({} if wants_json else None),
            thinking=bool(rules.get(thinking, "includeThoughts")),
            stops=tuple(rules.get(config, "stopSequences") or ()),
            max_tokens=rules.get(config, "maxOutputTokens"),
            input_tokens=count_tokens(json.dumps([rules.get(body, "systemInstruction"), body.get("tools"), contents])),
        )

    def other(self, request: Request) -> bytes:
        """Token counts and models."""
        name = request.path.removeprefix(self.root)
        if request.method == "POST" and name.endswith(":countTokens"):
            asked = Asked(request, read_object(request))
            self.check(asked)
            return json.dumps({"totalTokens": self.prompt(rules.request_of(asked)).input_tokens}).encode()
        if request.method == "GET" and request.path == self.root.rstrip("/"):
            return json.dumps({"models": [_model(one) for one in self.models or ()]}).encode()
        if request.method == "GET" and name != request.path:
            self._check_model(name)
            return json.dumps(_model(name)).encode()
        raise Refusal(f"The requested URL {request.path} was not found on this server.", status=404)

    def error_body(self, refusal: Refusal) -> dict[str, Any]:
        """google.rpc.Status."""
        status = {"code": refusal.status, "message": refusal.message, "status": WORDS.get(refusal.status, "UNKNOWN")}
        if refusal.code:
            return {"error": {**status, "details": [info(refusal.code)]}}
        return {"error": status}

    def error_frame(self, refusal: Refusal) -> bytes:
        """As an event."""
        return _frame(self.error_body(refusal))

    def headers(self, number: int) -> dict[str, str]:
        """As Google names them."""
        return {"server": "scaffolding on HTTPServer2", "x-simulated": str(number)}

    def frames(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> list[bytes]:
        """One chunk for each piece; the last has the finish reason and the final counts."""
        said = list(_pieces(reply.parts, body["model"]))
        if reply.why in STOPS or not said:
            said.append({"text": ""})
        chunks = [self._chunk([part], "", None, body, prompt, number) for part in said[:-1]]
        chunks.append(self._chunk(said[-1:], _finish(reply), tokens_of(reply, prompt), body, prompt, number))
        if not body["array"]:
            return [_frame(chunk) for chunk in chunks]
        written = [json.dumps(chunk, indent=2).encode() for chunk in chunks]
        return [(b",\r\n" if index else b"[") + one for index, one in enumerate(written)] + [b"\n]\n"]

    def whole(self, reply: Reply, body: dict[str, Any], prompt: Prompt, number: int) -> bytes:
        """A GenerateContentResponse, or a list of one where a stream was asked for without alt=sse."""
        parts = list(_wholes(reply.parts, body["model"]))
        chunk = self._chunk(parts, _finish(reply), tokens_of(reply, prompt), body, prompt, number)
        return json.dumps([chunk] if body["stream"] and body["array"] else chunk, indent=2).encode()

    def _check_model(self, model: str) -> None:
        if self.models is not None and model not in self.models:
            raise Refusal(
                f"models/{model} is not found for API version v1beta, or is not supported for generateContent. Call"
                " ModelService.ListModels to see the list of available models and their supported methods.",
                status=404,
            )

    def _chunk(
        self,
        parts: list[dict[str, Any]],
        finish: str,
        tokens: Tokens | None,
        body: dict[str, Any],
        prompt: Prompt,
        number: int,
    ) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return {
            "candidates": [candidate],
            "usageMetadata": {"promptTokenCount": prompt.input_tokens} if tokens is None else _usage(tokens),
            "modelVersion": body["model"],
            "responseId": f"sim{number:06d}",
        }


def info(reason: str) -> dict[str, Any]:
    """google.rpc.ErrorInfo."""
    return {"@type": f"{TYPES}ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def quota(*ids: str, retry_delay: str = "34s") -> Raw:
    """A 429 as Google words it. Source: answers of the vendor in github.com/google-gemini/gemini-cli/issues/8437."""
    violations = [{"quotaMetric": "generativelanguage.googleapis.com/requests", "quotaId": one} for one in ids]
    error = {
        "code": 429,
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": f"{TYPES}QuotaFailure", "violations": violations},
            {"@type": f"{TYPES}RetryInfo", "retryDelay": retry_delay},
        ],
    }
    return Raw(429, json.dumps({"error": error}).encode())


def _finish(reply: Reply) -> str:
    return STOPS.get(reply.why, "STOP")


def _usage(tokens: Tokens) -> dict[str, Any]:
    """The answer is counted without its thoughts."""
    usage = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
    }
    if tokens.cached:
        usage["cachedContentTokenCount"] = tokens.cached
    if tokens.reasoning:
        usage["thoughtsTokenCount"] = tokens.reasoning
    return usage


def _wholes(parts: tuple[Part, ...], model: str) -> Iterator[dict[str, Any]]:
    """Each part as one. Calls of the third generation are signed, the first of parallel ones only."""
    is_signed = not model.startswith("gemini-3")
    for part in parts:
        match part:
            case Text(text=words) | Declined(text=words):
                yield {"text": words}
            case Thinking(text=words):
                yield {"text": words, "thought": True}
            case ToolCall(name=name, arguments=arguments, id=call_id):
                call = {"name": name, "args": json.loads(arguments)}
                said: dict[str, Any] = {"functionCall": {**call, "id": call_id} if call_id else call}
                yield said if is_signed else {**said, "thoughtSignature": sign(name)}
                is_signed = True


def _pieces(parts: tuple[Part, ...], model: str) -> Iterator[dict[str, Any]]:
    """Text comes in pieces, a call whole."""
    for whole in _wholes(parts, model):
        if "text" not in whole:
            yield whole
        for piece in pieces(whole.get("text", ""), DELTA_SIZE):
            yield {**whole, "text": piece}


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _plain(schema: Any) -> Any:
    """Google's own schemas in the words of JSON's."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: one.lower() if key == "type" and isinstance(one, str) else _plain(one) for key, one in schema.items()}


def _frame(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\r\n\r\n"
