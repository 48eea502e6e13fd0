"""Gemini, and Claude in Gemini's words, in Antigravity's envelope: Code Assist's, with a kind, an id and an agent.

Source: the antigravity executor of github.com/router-for-me/CLIProxyAPI.
"""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss
from translators.envelopes.code_assist import unwrap_reply
from translators.errors import BadRequest
from translators.jsonio import ENCODER, UNREADABLE, top_level

__all__ = ["is_claude", "unwrap_reply", "wrap_request"]

KIND: Final = "agent"
VALIDATED: Final = {"functionCallingConfig": {"mode": "VALIDATED"}}
PLACEHOLDER: Final = Raw(
    b'{"type":"object","required":["reason"],'
    b'"properties":{"reason":{"type":"string","description":"Why it is called."}}}'
)
"""Where a function takes nothing: the mode in which Claude's calls are checked refuses an empty object."""
NOT_TAKEN: Final = ("safetySettings", "labels", "cachedContent")

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_FUNCTIONS: Final = "functionDeclarations"
_SCHEMAS: Final = ("parametersJsonSchema", "parameters")


def is_claude(model: str) -> bool:
    """Whether one of Anthropic's models stands behind the name."""
    return "claude" in model.lower()


def wrap_request(
    body: bytes, *, model: str, project: str, request_id: str, session_id: str, agent: str
) -> tuple[bytes, tuple[Loss, ...]]:
    """A request of Gemini's API in the envelope. `agent`: who asks. Raises BadRequest."""
    losses: list[Loss] = []
    request: dict[str, Any] = {**top_level(body)}
    left_out = [name for name in NOT_TAKEN if request.pop(name, None) is not None]
    losses += [Loss(f"$.{name}", "Antigravity does not take it") for name in left_out]
    if is_claude(model):
        _for_claude(request)
    else:
        _without_limit(request, losses)
    request["sessionId"] = session_id
    wrapped = {
        "project": project,
        "model": model,
        "requestType": KIND,
        "userAgent": agent,
        "requestId": request_id,
        "request": request,
    }
    return ENCODER.encode(wrapped), tuple(losses)


def _for_claude(request: dict[str, Any]) -> None:
    """Its calls are checked against the schemas, so that none may be empty."""
    if "tools" not in request:
        return
    config = _object(request.get("toolConfig"), "$.toolConfig")
    calling = _object(config.get("functionCallingConfig"), "$.toolConfig.functionCallingConfig")
    if bytes(calling.get("mode", b'"AUTO"')) in (b'"AUTO"', b'"MODE_UNSPECIFIED"'):
        request["toolConfig"] = {**config, **VALIDATED}
    request["tools"] = [_with_schemas(tool) for tool in _tools(request["tools"])]


def _with_schemas(tool: dict[str, Raw]) -> dict[str, Any]:
    if _FUNCTIONS not in tool:
        return tool
    return {**tool, _FUNCTIONS: [_with_schema(function) for function in _tools(tool[_FUNCTIONS])]}


def _with_schema(function: dict[str, Raw]) -> dict[str, Any]:
    """One spelling of the schema, which says that at least one thing is given."""
    given = next((function[name] for name in _SCHEMAS if name in function), None)
    rest = {name: value for name, value in function.items() if name not in _SCHEMAS}
    properties = _object(given, "$.tools").get("properties")
    is_empty = properties is None or bytes(properties).strip() in (b"{}", b"null")
    return {**rest, "parameters": PLACEHOLDER if is_empty else given}


def _without_limit(request: dict[str, Any], losses: list[Loss]) -> None:
    """Gemini's models take no limit there."""
    config = _object(request.get("generationConfig"), "$.generationConfig")
    if config.pop("maxOutputTokens", None) is not None:
        request["generationConfig"] = config
        losses.append(Loss("$.generationConfig.maxOutputTokens", "Antigravity takes no limit for this model"))


def _object(raw: Any, path: str) -> dict[str, Raw]:
    """An object's fields; none where it is absent or null. Raises BadRequest."""
    if raw is None or bytes(raw) == b"null":
        return {}
    try:
        return _OBJECT.decode(raw)
    except UNREADABLE as error:
        raise BadRequest(path, "an object") from error


def _tools(raw: Any) -> list[dict[str, Raw]]:
    try:
        return _LIST.decode(raw)
    except UNREADABLE as error:
        raise BadRequest("$.tools", "a list of objects") from error
