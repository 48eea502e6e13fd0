"""Requests as xAI's Responses API takes them: it has no namespaces, no free-form tools and fewer fields.

What a reply would have to be turned back from (a tool under another name, or of another kind) is left out instead.
Source: the xai executor of github.com/router-for-me/CLIProxyAPI, which lists what the API refuses; docs.x.ai.
"""

import re
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss
from translators.dialect import Operation, Target
from translators.envelopes.responses_body import INTERNAL, OPENAI_SEAL, Body, Item, each, is_null, object_of, text_in
from translators.jsonio import ENCODER

REFUSED: Final = ("prompt_cache_options", "prompt_cache_retention", "safety_identifier", "stop", "stream_options")
NOT_COMPACTED: Final = ("max_output_tokens", "temperature", "tool_choice", "tools", "top_k", "top_p")
"""Fields that only a reply has a use for."""

_REASON: Final = "xAI's API refuses it"
_UNKNOWN_TOOLS: Final = frozenset(("custom", "namespace", "tool_search", "apply_patch", "local_shell", "shell"))
_CHOSEN_BY_LIST: Final = frozenset(("web_search", "image_generation"))
_HISTORY: Final = (b"custom_tool_call", b'"reasoning"', b'"compaction', b'"additional_tools"', INTERNAL.encode())
_DRAWS: Final = re.compile(r"(?:.*/)?grok-(?!4\.20)(?:4\.(?:[6-9]|\d\d)|[5-9]|\d\d)")
"""Models with a tool that makes images: grok-4.6 on; 4.20 is an older line."""

_NO_PARAMETERS: Final = Raw(b'{"type":"object","properties":{}}')
_ANY_PARAMETERS: Final = Raw(b'{"type":"object","properties":{},"additionalProperties":true}')
_FALSE: Final = Raw(b"false")
_LIST: Final = msgspec.json.Decoder(list[Raw])


def duties(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as xAI takes it. Raises BadRequest."""
    request = Body(body)
    request.remove(REFUSED, _REASON)
    if target.operation is Operation.COMPACT:
        request.remove(NOT_COMPACTED, "a compaction has no use for it")
        request.fields.pop("stream", None)
    _edit_effort(request, target)
    promoted = _edit_input(request, target)
    _edit_tools(request, target, promoted)
    return request.encoded()


def _edit_effort(request: Body, target: Target) -> None:
    """A model that does not think refuses to be told how much."""
    limits = target.thinking_range
    if limits is None or limits.thinks or not request.says("reasoning"):
        return
    reasoning = object_of(request.fields["reasoning"], "$.reasoning")
    if reasoning is not None and "effort" in reasoning:
        request.lose("$.reasoning.effort", f"{target.model} does not think")
        del reasoning["effort"]
        request.fields["reasoning"] = reasoning
        if not reasoning:
            del request.fields["reasoning"]


# The input's items


def _edit_input(request: Body, target: Target) -> list[Any]:
    """The tools that stood among the items, as Codex's code mode has them."""
    raw = bytes(request.fields.get("input", b""))
    promoted: list[Any] = []
    if not raw.lstrip().startswith(b"[") or not any(mark in raw for mark in _HISTORY):
        return promoted

    def edit(item: Item, path: str) -> Item | None:
        request.drop_internal(item, path)
        match text_in(item, "type"):
            case "custom_tool_call":
                return _as_function_call(item)
            case "custom_tool_call_output":
                return {**item, "type": "function_call_output"}
            case "additional_tools":
                promoted.extend(_tools(request, _list(item.get("tools")), f"{path}.tools", target))
                return None
            case "reasoning" | "compaction":
                return _unsealed(request, item, path)
            case "compaction_trigger" if target.operation is Operation.COMPACT:
                return None
        return item

    request.fields["input"] = each(request.list_of("input"), "$.input", edit)
    return promoted


def _as_function_call(item: Item) -> Item:
    """A call of a free-form tool as one of a function with one string."""
    arguments = ENCODER.encode({"input": text_in(item, "input")}).decode()
    call: Item = {name: item[name] for name in ("call_id", "name") if name in item}
    return {"type": "function_call", **call, "arguments": arguments}


def _unsealed(request: Body, item: Item, path: str) -> Item | None:
    """Without what OpenAI sealed; nothing where nothing else is in it. xAI refuses nulls here."""
    for name in ("content", "encrypted_content"):
        if is_null(item.get(name)):
            del item[name]
    if not text_in(item, "encrypted_content").startswith(OPENAI_SEAL):
        return item
    request.lose(f"{path}.encrypted_content", "only OpenAI can read it")
    del item["encrypted_content"]
    empty = bytes(item.get("summary", b"[]")).strip() in (b"[]", b"null") and "content" not in item
    return None if empty or text_in(item, "type") == "compaction" else item


# Tools


def _edit_tools(request: Body, target: Target, promoted: list[Any]) -> None:
    tools = _tools(request, request.list_of("tools"), "$.tools", target) + promoted
    if tools:
        request.fields["tools"] = tools
    else:
        request.fields.pop("tools", None)
        request.fields.pop("parallel_tool_calls", None)
        request.remove(("tool_choice",), "there is no tool to choose")
    if request.says("tool_choice"):
        _edit_choice(request)


def _tools(request: Body, tools: list[Any], path: str, target: Target) -> list[Any]:
    def edit(tool: Item, place: str) -> Item | None:
        kind = text_in(tool, "type")
        if kind in _UNKNOWN_TOOLS or (kind == "image_generation" and not _DRAWS.match(target.model)):
            request.lose(place, f"xAI knows no {kind} tools")
            return None
        if kind == "function":
            return _function(request, tool, place)
        if kind.startswith("web_search") and tool.pop("external_web_access", None) is not None:
            request.lose(f"{place}.external_web_access", _REASON)
        return tool

    return each(tools, path, edit)


def _function(request: Body, tool: Item, path: str) -> Item:
    """Parameters must be there, and be objects whatever branch they take."""
    raw = tool.get("parameters")
    parameters = None if raw is None else object_of(raw, f"{path}.parameters")
    if parameters is None:
        return {**tool, "parameters": _NO_PARAMETERS}
    unions = [parameters[name] for name in ("anyOf", "oneOf") if name in parameters]
    if all(_is_of_objects(union, text_in(parameters, "type")) for union in unions):
        return tool
    request.lose(f"{path}.parameters", "xAI takes no choice between schemas that are not objects")
    return {**tool, "parameters": _ANY_PARAMETERS, "strict": _FALSE}


def _is_of_objects(union: Raw, root: str) -> bool:
    """Whether each branch says that it is an object, or leaves that to a root that does."""
    branches = [object_of(branch, "") for branch in _list(union)]
    kinds = [None if branch is None else text_in(branch, "type") or root for branch in branches]
    return all(kind == "object" for kind in kinds)


def _edit_choice(request: Body) -> None:
    """A choice of what is no more there goes; a hosted tool is chosen from a list of one."""
    choice = object_of(request.fields["tool_choice"], "$.tool_choice")
    if choice is None:  # auto, none, required
        return
    available = {_named(tool) for tool in map(_as_item, request.fields["tools"])}
    if text_in(choice, "type") == "allowed_tools":
        kept = [tool for tool in _list(choice.get("tools")) if _named(_as_item(tool)) in available]
        if kept:
            request.fields["tool_choice"] = {**choice, "tools": kept}
            return
    elif _named(choice) in available:
        if text_in(choice, "type") in _CHOSEN_BY_LIST:
            request.fields["tool_choice"] = {"type": "allowed_tools", "mode": "required", "tools": [choice]}
        return
    request.remove(("tool_choice",), "the tool that it chooses is not there")


def _list(raw: Any) -> list[Any]:
    """The items of a list, unread; none of anything else."""
    return [*_LIST.decode(raw)] if isinstance(raw, Raw) and bytes(raw).startswith(b"[") else []


def _as_item(tool: Any) -> Item:
    return tool if isinstance(tool, dict) else object_of(tool, "$.tools") or {}


def _named(tool: Item) -> tuple[str, str]:
    """What tells a tool from others: functions have a name, hosted ones are of one kind each."""
    kind = text_in(tool, "type")
    return kind, text_in(tool, "name") if kind == "function" else ""
