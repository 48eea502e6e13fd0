"""What a reply says, read from its JSON in the simplest way: the expectation that our decoders are held against.

One reader a dialect, written from the vendors' documentation and not from our code.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from translators.events import StopReason

type Call = tuple[str, Any]  # name, arguments


@dataclass
class Said:
    """`stop` in the dialect's own word. `tokens`: whole prompt, whole answer. `failed`: by an error in the stream.
    `media`: how many pictures and sounds there are."""

    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list)
    stop: str | None = None
    tokens: tuple[int, int] | None = None
    failed: bool = False
    declined: bool = False
    media: int = 0


STOPS: Final[Mapping[str, Mapping[str, StopReason]]] = {
    "anthropic": {
        "end_turn": StopReason.END_TURN,
        "stop_sequence": StopReason.STOP_SEQUENCE,
        "max_tokens": StopReason.LENGTH,
        "model_context_window_exceeded": StopReason.LENGTH,
        "tool_use": StopReason.TOOL_USE,
        "refusal": StopReason.REFUSAL,
        "pause_turn": StopReason.PAUSE,
    },
    "openai_chat": {
        "stop": StopReason.END_TURN,
        "length": StopReason.LENGTH,
        "tool_calls": StopReason.TOOL_USE,
        "function_call": StopReason.TOOL_USE,
        "content_filter": StopReason.REFUSAL,
    },
    "gemini": {
        "STOP": StopReason.END_TURN,
        "MAX_TOKENS": StopReason.LENGTH,
        "SAFETY": StopReason.REFUSAL,
        "PROHIBITED_CONTENT": StopReason.REFUSAL,
        "RECITATION": StopReason.REFUSAL,
    },
    "openai_completions": {
        "stop": StopReason.END_TURN,
        "length": StopReason.LENGTH,
        "content_filter": StopReason.REFUSAL,
    },
    "openai_responses": {
        "completed": StopReason.END_TURN,
        "max_output_tokens": StopReason.LENGTH,
        "max_tokens": StopReason.LENGTH,
        "content_filter": StopReason.REFUSAL,
    },
}
"""A dialect's word for each stop; one that it has no word for is its plainest stop."""
PLAIN_STOP: Final = {
    "anthropic": "end_turn",
    "openai_chat": "stop",
    "openai_completions": "stop",
    "openai_responses": "completed",
    "gemini": "STOP",
}
WORDS_ONLY: Final = frozenset({"openai_completions"})
"""The dialects in which a reply holds neither calls nor thinking."""


def stop_word(dialect: str, stop: StopReason) -> str:
    """What a client of this dialect must read."""
    return next((word for word, reason in STOPS[dialect].items() if reason is stop), PLAIN_STOP[dialect])


def stop_heard(dialect: str, heard: Said) -> str | None:
    """What a client of this dialect did read: OpenAI's plain stop stands where the model declined in its own words."""
    declined = dialect in ("openai_chat", "openai_responses") and heard.declined
    return "content_filter" if declined and heard.stop == PLAIN_STOP[dialect] else heard.stop


def data_of(body: bytes) -> Iterator[Any]:
    """The JSON of each frame of a stream: of server-sent events, or of lines."""
    text = body.decode().replace("\r\n", "\n")
    if text.startswith("{"):
        yield from map(json.loads, text.splitlines())
        return
    for frame in re.split(r"\n{2,}", text):
        lines = [line[5:].strip() for line in frame.split("\n") if line.startswith("data:")]
        if lines and lines != ["[DONE]"]:
            yield json.loads("\n".join(lines))


def anthropic_whole(body: bytes) -> Said:
    message = json.loads(body)
    said = Said(stop=message["stop_reason"], tokens=_anthropic_tokens(message["usage"]))
    said.text += _explanation(message)
    for block in message["content"]:
        match block["type"]:
            case "text":
                said.text += block["text"]
            case "thinking":
                said.thinking += block["thinking"]
            case "tool_use":
                said.calls.append((block["name"], block["input"]))
    return said


def anthropic_stream(body: bytes) -> Said:
    said = Said()
    usage: dict[str, Any] = {}
    calls: list[tuple[str, list[str], Any]] = []
    block: dict[str, Any] = {}
    reply_id = None
    for data in data_of(body):
        match data["type"]:
            case "message_start":
                said.failed |= data["message"]["id"] != (reply_id or data["message"]["id"])  # Two replies in one.
                reply_id = data["message"]["id"]
                usage.update(data["message"]["usage"])
            case "content_block_start":
                block = data["content_block"]
                said.text += block.get("text", "") if block["type"] == "text" else ""
                if block["type"] == "tool_use":
                    calls.append((block["name"], [], block["input"]))
            case "content_block_delta":
                delta = data["delta"]
                said.text += delta.get("text", "")
                said.thinking += delta.get("thinking", "")
                if delta["type"] == "input_json_delta" and block["type"] == "tool_use":
                    calls[-1][1].append(delta["partial_json"])
            case "message_delta":
                said.stop = data["delta"]["stop_reason"]
                said.text += _explanation(data["delta"])
                usage.update({key: value for key, value in data.get("usage", {}).items() if value is not None})
            case "message_stop":
                break  # Some recordings hold several replies, one after the other.
            case "error":
                said.failed = True
    said.calls = [(name, arguments("".join(pieces), given)) for name, pieces, given in calls]
    said.tokens = _anthropic_tokens(usage) if usage else None
    return said


def _explanation(message: dict[str, Any]) -> str:
    return (message.get("stop_details") or {}).get("explanation") or ""


def arguments(text: str, otherwise: Any) -> Any:
    """A call's arguments; what a length stop cut off stays text."""
    try:
        return json.loads(text) if text else otherwise
    except json.JSONDecodeError:
        return text


def _anthropic_tokens(usage: dict[str, Any]) -> tuple[int, int]:
    prompt = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage.get(key) or 0 for key in prompt), usage["output_tokens"]


def chat_whole(body: bytes) -> Said:
    completion = json.loads(body)
    choice = completion["choices"][0]
    said = Said(stop=choice["finish_reason"], tokens=_chat_tokens(completion.get("usage")))
    _chat_words(said, choice["message"])
    for call in choice["message"].get("tool_calls") or ():
        function = function_of(call)
        said.calls.append((function["name"], arguments(function["arguments"], {})))
    return said


def function_of(call: dict[str, Any]) -> dict[str, Any]:
    """A free-form call as the function that it is to those who know none; whole, or a piece of it."""
    if "custom" not in call:
        return dict(call["function"])
    custom = call["custom"]
    return {"name": custom.get("name", ""), "arguments": json.dumps({"input": custom.get("input", "")})}


def chat_stream(body: bytes) -> Said:
    said = Said()
    calls: dict[int, tuple[str, list[str]]] = {}
    free: dict[int, list[str]] = {}
    for data in data_of(body):
        said.failed |= "error" in data
        said.tokens = _chat_tokens(data.get("usage")) or said.tokens
        for choice in data.get("choices", ())[:1]:
            said.stop = choice.get("finish_reason") or said.stop
            _chat_words(said, choice["delta"])
            legacy = choice["delta"].get("function_call")
            for call in [*(choice["delta"].get("tool_calls") or ()), *([{"function": legacy}] if legacy else [])]:
                place = call.get("index", 0)
                if "custom" in call:
                    free.setdefault(place, []).append(call["custom"].get("input", ""))
                    calls.setdefault(place, (call["custom"].get("name", ""), []))
                    continue
                function = call["function"]
                calls.setdefault(place, (function.get("name", ""), []))[1].append(function.get("arguments") or "")
            said.media += bool((choice["delta"].get("audio") or {}).get("id"))
    for place, pieces in free.items():
        calls[place][1].append(json.dumps({"input": "".join(pieces)}))
    said.calls = [(name, arguments("".join(pieces), {})) for name, pieces in calls.values()]
    return said


def _chat_words(said: Said, message: dict[str, Any]) -> None:
    content = message.get("content")
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    for part in parts:
        if part["type"] == "text":
            said.text += part["text"]
        elif part["type"] == "thinking":
            said.thinking += "".join(piece["text"] for piece in part["thinking"])
    said.text += (message.get("audio") or {}).get("transcript") or ""
    said.media += len(message.get("images") or ())
    said.text += message.get("refusal") or ""
    said.declined |= bool(message.get("refusal"))
    details = "".join(detail.get("text") or "" for detail in message.get("reasoning_details") or ())
    said.thinking += message.get("reasoning_content") or message.get("reasoning") or details


def _chat_tokens(usage: dict[str, Any] | None) -> tuple[int, int] | None:
    """xAI leaves reasoning out of `completion_tokens` and counts it in the total."""
    return (usage["prompt_tokens"], usage["total_tokens"] - usage["prompt_tokens"]) if usage else None


def responses_whole(body: bytes) -> Said:
    return _response(json.loads(body))


def responses_stream(body: bytes) -> Said:
    """The items that were done, and the last event: some vendors leave the items out of that."""
    done: dict[int, dict[str, Any]] = {}
    with contextlib.suppress(json.JSONDecodeError):  # One recording has broken frames.
        for data in data_of(body):
            match data.get("type"):
                case "response.output_item.done":
                    done.setdefault(data.get("output_index", len(done)), data["item"])
                case "response.completed" | "response.incomplete":
                    response = data["response"]
                    items = response.get("output") or [done[at] for at in sorted(done)]
                    return _response({**response, "output": items})
                case "response.failed" | "error":
                    break
    return Said(failed=True)


def _response(response: dict[str, Any]) -> Said:
    details, usage = response.get("incomplete_details") or {}, response.get("usage")
    said = Said(stop=details.get("reason") or response["status"])
    if usage is not None:
        said.tokens = (usage["input_tokens"], usage["output_tokens"])
    for item in response["output"]:
        match item["type"]:
            case "message":
                for part in item["content"]:
                    said.text += part.get("text") or part.get("refusal") or ""
                    said.declined |= bool(part.get("refusal"))
            case "reasoning":
                pieces = item.get("summary") or item.get("content") or ()
                said.thinking += "\n\n".join(piece["text"] for piece in pieces if piece["text"])
            case "function_call":
                said.calls.append((item["name"], arguments(item["arguments"], {})))
            case "custom_tool_call":
                said.calls.append((item["name"], {"input": item["input"]}))
            case "image_generation_call":
                said.media += bool(item.get("result"))
    return said


def gemini_whole(body: bytes) -> Said:
    return _gemini_said([json.loads(body)])


def gemini_stream(body: bytes) -> Said:
    return _gemini_said(list(data_of(body)))


def _gemini_said(chunks: list[Any]) -> Said:
    """Of several candidates the first; each count as it was told last."""
    said, usage = Said(), {}
    for chunk in chunks:
        said.failed |= "error" in chunk
        usage.update({key: value for key, value in (chunk.get("usageMetadata") or {}).items() if value is not None})
        feedback = chunk.get("promptFeedback") or {}
        if feedback.get("blockReason"):
            said.stop = "SAFETY"
            said.text += feedback.get("blockReasonMessage", "")
        for candidate in chunk.get("candidates") or ():
            if candidate.get("index"):
                continue
            said.stop = candidate.get("finishReason") or said.stop
            if STOPS["gemini"].get(said.stop or "") is StopReason.REFUSAL:
                said.text += candidate.get("finishMessage") or ""
            for part in (candidate.get("content") or {}).get("parts") or ():
                _gemini_part(said, part)
    said.calls = [(name, _listed(given)) for name, given in said.calls]
    said.failed |= said.stop is None
    said.tokens = _gemini_tokens(usage)
    return said


def _gemini_part(said: Said, part: dict[str, Any]) -> None:
    """Arguments may come in pieces, the last of which is a call without a name."""
    said.media += "inlineData" in part
    text = part.get("text") or ""
    if part.get("thought"):
        said.thinking += text
    else:
        said.text += text
    call = part.get("functionCall") or {}
    if call.get("name"):
        said.calls.append((call["name"], call.get("args") or {}))
    for piece in call.get("partialArgs") or ():
        steps = [next(step for step in found if step) for found in re.findall(STEP, piece["jsonPath"])]
        [value] = [value for key, value in piece.items() if key.endswith("Value")] or [None]
        _put(said.calls[-1][1], steps, None if "nullValue" in piece else value)


STEP: Final = r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]"


def _put(place: Any, steps: list[str], value: Any) -> None:
    """Lists are kept as dicts of numbers, until `_listed`."""
    *path, last = steps
    for step in path:
        place = place.setdefault(step, {})
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    before = place.get(last)
    place[last] = before + value if isinstance(before, str) and isinstance(value, str) else value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    return list(inner.values()) if inner and all(key.isdigit() for key in inner) else inner


def _gemini_tokens(usage: dict[str, Any]) -> tuple[int, int] | None:
    if "promptTokenCount" not in usage:
        return None
    prompt = usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0)
    return prompt, usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)


type Reader = Callable[[bytes], Said]

STREAMS: Final[Mapping[str, Reader]] = {
    "anthropic": anthropic_stream,
    "openai_chat": chat_stream,
    "openai_responses": responses_stream,
    "gemini": gemini_stream,
}
WHOLES: Final[Mapping[str, Reader]] = {
    "anthropic": anthropic_whole,
    "openai_chat": chat_whole,
    "openai_responses": responses_whole,
    "gemini": gemini_whole,
}
