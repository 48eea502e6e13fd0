"""Tools that run at the vendor: Anthropic's typed tools and the blocks of their calls and results <-> neutral ones."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.conversation import Hosted, HostedCall, HostedResult, HostedTool, Loss, Place
from translators.dialects.anthropic import wire
from translators.jsonio import ENCODER, UNREADABLE, text_of
from translators.notes import Citation

ID_PREFIX: Final = "srvtoolu_"
TYPES: Final[Mapping[Hosted, str]] = {
    Hosted.WEB_SEARCH: "web_search_20250305",
    Hosted.WEB_FETCH: "web_fetch_20250910",
    Hosted.CODE_EXECUTION: "code_execution_20250825",
}
"""The version that every model which has the tool takes; later ones need the newest models."""
CALLS: Final[Mapping[str, Hosted]] = {
    "web_search": Hosted.WEB_SEARCH,
    "web_fetch": Hosted.WEB_FETCH,
    "code_execution": Hosted.CODE_EXECUTION,
    "bash_code_execution": Hosted.CODE_EXECUTION,
    "text_editor_code_execution": Hosted.CODE_EXECUTION,
}
RESULTS: Final[Mapping[str, Hosted]] = {f"{name}_tool_result": tool for name, tool in CALLS.items()}
SEARCHES: Final = (Hosted.WEB_SEARCH, Hosted.WEB_FETCH)
UNAVAILABLE: Final = "unavailable"


class _Command(Struct):
    command: str | None = None


class _Found(Struct):
    url: str | None = None
    title: str | None = None
    encrypted_content: str | None = None
    page_age: str | None = None


class _Source(Struct):
    type: str = ""
    data: str | None = None


class _Document(Struct):
    source: _Source | None = None
    title: str | None = None


class _Outcome(Struct):
    """What a result holds, of any tool; a search gives a list where it found something."""

    error_code: str | None = None
    error_message: str | None = None
    url: str | None = None
    content: Raw = wire.ABSENT
    stdout: str | None = None
    encrypted_stdout: str | None = None
    retrieved_at: str | None = None
    stderr: str | None = None
    lines: list[str] | None = None
    return_code: int | None = None


_COMMAND: Final = msgspec.json.Decoder(_Command)
_FOUND: Final = msgspec.json.Decoder(list[_Found])
_DOCUMENT: Final = msgspec.json.Decoder(_Document)
_TEXT: Final = msgspec.json.Decoder(str)
_OUTCOME: Final = msgspec.json.Decoder(_Outcome)


def kind_of(tool_type: str) -> Hosted | None:
    """What a tool of that type is, in any version of it; None for one that only Anthropic has."""
    name, _, version = tool_type.rpartition("_")
    return CALLS.get(name) if version.isdigit() and name in TYPES else None


def hosted_tool(kind: Hosted, tool: wire.Tool, path: str, losses: list[Loss]) -> HostedTool:
    """The wish for a tool of the vendor's."""
    if tool.cache_control is not None:
        losses.append(Loss(f"{path}.cache_control", "a cache mark on a tool that runs at the vendor"))
    if tool.strict is not None:
        losses.append(Loss(f"{path}.strict", "it says nothing of a tool that runs at the vendor"))
    place = tool.user_location
    return HostedTool(
        kind,
        max_uses=tool.max_uses,
        allowed_domains=tuple(tool.allowed_domains or ()),
        blocked_domains=tuple(tool.blocked_domains or ()),
        place=Place(place.city or "", place.region or "", place.country or "", place.timezone or "") if place else None,
    )


def typed_tool(tool: HostedTool, path: str, losses: list[Loss]) -> wire.Tool | None:
    """None, and a loss, for one that Anthropic does not have."""
    if tool.tool not in TYPES:
        losses.append(Loss(path, f"Anthropic has no tool for {tool.tool.replace('_', ' ')}"))
        return None
    searches = tool.tool in SEARCHES
    allowed, blocked, place = list(tool.allowed_domains), list(tool.blocked_domains), tool.place
    if tool.context_size:
        losses.append(Loss(f"{path}.context_size", "Anthropic decides how much it reads of what it finds"))
    if allowed and blocked:
        losses.append(Loss(f"{path}.blocked_domains", "Anthropic takes them or the allowed ones, not both"))
        blocked = []
    if place is not None and tool.tool is not Hosted.WEB_SEARCH:
        losses.append(Loss(f"{path}.place", "only a search asks where the user is"))
        place = None
    if not searches and (allowed or blocked or tool.max_uses is not None):
        losses.append(Loss(path, "limits of a tool that has none"))
    return wire.Tool(
        name=tool.tool.value,
        type=TYPES[tool.tool],
        max_uses=tool.max_uses if searches else None,
        allowed_domains=(allowed or None) if searches else None,
        blocked_domains=(blocked or None) if searches else None,
        user_location=_location(place),
    )


def _location(place: Place | None) -> wire.UserLocation | None:
    if place is None:
        return None
    return wire.UserLocation(
        place.city or None, place.region or None, place.country or None, place.timezone or None, "approximate"
    )


def arguments_of_call(name: str, arguments: str) -> str:
    """A call's input in neutral words: what runs in a shell is code, too."""
    if name not in ("bash_code_execution", "text_editor_code_execution"):
        return arguments or "{}"
    code = arguments
    if name == "bash_code_execution":
        try:
            code = _COMMAND.decode(arguments or "{}").command or arguments
        except UNREADABLE:
            code = arguments
    return ENCODER.encode({"code": code}).decode()


def call_of(call_id: str, name: str, arguments: str) -> HostedCall | None:
    """None for a tool that only Anthropic has."""
    tool = CALLS.get(name)
    return None if tool is None else HostedCall(call_id, tool, arguments_of_call(name, arguments))


def result_of(block_type: str, call_id: str, content: Raw) -> HostedResult | None:
    """None for a block that is no result. What of it can't be read is left out."""
    tool = RESULTS.get(block_type)
    if tool is None:
        return None
    try:
        return _result(tool, call_id, content)
    except UNREADABLE:
        return HostedResult(call_id, tool)


def _result(tool: Hosted, call_id: str, content: Raw) -> HostedResult:
    if text_of(content).lstrip().startswith("["):
        found = tuple(Citation(one.url or "", one.title or "") for one in _FOUND.decode(content) if one.url)
        return HostedResult(call_id, tool, sources=found)
    outcome = _OUTCOME.decode(content)
    if outcome.error_code is not None:
        message = f": {outcome.error_message}" if outcome.error_message else ""
        return HostedResult(call_id, tool, outcome.error_code + message, failed=True)
    inner = text_of(outcome.content).lstrip()
    if tool is Hosted.WEB_FETCH:
        document = _DOCUMENT.decode(outcome.content) if inner.startswith("{") else _Document()
        source = document.source
        text = (source.data or "") if source is not None and source.type == "text" else ""
        return HostedResult(call_id, tool, text, (Citation(outcome.url or "", document.title or ""),))
    if inner.startswith('"'):
        return HostedResult(call_id, tool, _TEXT.decode(outcome.content))
    printed = (outcome.stdout or "") + (outcome.stderr or "") + "\n".join(outcome.lines or ())
    return HostedResult(call_id, tool, printed, failed=bool(outcome.return_code))


def lose_sealed(content: Raw, path: str, losses: list[Loss]) -> None:
    """What of a result, which stands at `path`, can't be read by anybody else, or has no place elsewhere."""
    try:
        if text_of(content).lstrip().startswith("["):
            for index, found in enumerate(_FOUND.decode(content)):
                _lose(found, ("encrypted_content", "page_age"), f"{path}[{index}]", losses)
            return
        outcome = _OUTCOME.decode(content)
        _lose(outcome, ("encrypted_stdout", "retrieved_at"), path, losses)
        inner = text_of(outcome.content).lstrip()
        if inner.startswith("[") and inner.rstrip() != "[]":
            losses.append(Loss(f"{path}.content", "files that are kept at Anthropic"))
        if inner.startswith("{") and (source := _DOCUMENT.decode(outcome.content).source) and source.type != "text":
            losses.append(Loss(f"{path}.content.source", "a document that is no text"))
    except UNREADABLE:
        losses.append(Loss(path, "a result that can't be read"))


def _lose(said: Struct, names: tuple[str, ...], path: str, losses: list[Loss]) -> None:
    for name in names:
        if getattr(said, name):
            sealed = name.startswith("encrypted")
            reason = "only Anthropic can read it" if sealed else "a time that others have no place for"
            losses.append(Loss(f"{path}.{name}", reason))


def block_id(call_id: str, made: str) -> str:
    """An id that this dialect's vendor would take for one of its own calls."""
    if call_id.startswith(ID_PREFIX):
        return call_id
    return ID_PREFIX + ("".join(letter for letter in call_id if letter.isascii() and letter.isalnum()) or made)


def result_block(result: HostedResult, call_id: str) -> dict[str, Any]:
    """As a reply shows it. What only Anthropic could have encrypted is empty."""
    return {
        "type": f"{result.tool.value}_tool_result",
        "tool_use_id": call_id,
        "content": _RESULT_CONTENT[result.tool](result),
    }


def _error(result: HostedResult) -> dict[str, Any]:
    return {"type": f"{result.tool.value}_tool_result_error", "error_code": UNAVAILABLE}


def _search_content(result: HostedResult) -> Any:
    if result.failed:
        return _error(result)
    return [
        {
            "type": "web_search_result",
            "url": found.url,
            "title": found.title or found.url,
            "encrypted_content": "",
            "page_age": None,
        }
        for found in result.sources
    ]


def _fetch_content(result: HostedResult) -> Any:
    if result.failed:
        return _error(result)
    page = result.sources[0] if result.sources else Citation()
    return {
        "type": "web_fetch_result",
        "url": page.url,
        "content": {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": result.text},
            "title": page.title or None,
            "citations": None,
        },
        "retrieved_at": None,
    }


def _code_content(result: HostedResult) -> Any:
    return {
        "type": "code_execution_result",
        "stdout": "" if result.failed else result.text,
        "stderr": result.text if result.failed else "",
        "return_code": int(result.failed),
        "content": [],
    }


_RESULT_CONTENT: Final = {
    Hosted.WEB_SEARCH: _search_content,
    Hosted.WEB_FETCH: _fetch_content,
    Hosted.CODE_EXECUTION: _code_content,
}
