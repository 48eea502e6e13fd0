"""The official SDKs behind one small face, so that a test is written once for every client dialect."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import anthropic
import openai

TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as the client got it."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Counts:
    """Usage as the client was told; `input` is the whole prompt."""

    input: int
    cached: int
    output: int
    reasoning: int


@dataclass(slots=True)
class Heard:
    """A reply as the client understood it. `stop` in Anthropic's words."""

    model: str = ""
    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list)
    stop: str = ""
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a client declares it."""

    name: str
    schema: Mapping[str, Any]
    description: str = "A tool."


class Talker(Protocol):
    """A client with its conversation so far. Nothing is retried by the SDK.

    say() and tell_results() add to the conversation, send it, and add the reply to it.
    """

    dialect: str

    def say(self, words: str, *, image: bytes | None = None, **settings: Any) -> Heard: ...

    def tell_results(self, results: Mapping[str, str], **settings: Any) -> Heard: ...


class AnthropicTalker:
    """anthropic.Anthropic."""

    dialect = "anthropic"

    def __init__(self, url: str, key: str, model: str, *, stream: bool, tools: Sequence[Tool] = ()) -> None:
        self.client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=TIMEOUT_S)
        self._stream = stream
        self._messages: list[Any] = []
        self._common: dict[str, Any] = {"model": model, "max_tokens": 4000}
        if tools:
            self._common["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in tools
            ]

    def say(self, words: str, *, image: bytes | None = None, **settings: Any) -> Heard:
        """`image`: base64 of a PNG."""
        content: list[Any] = [{"type": "text", "text": words}]
        if image is not None:
            source = {"type": "base64", "media_type": "image/png", "data": image.decode()}
            content.insert(0, {"type": "image", "source": source})
        self._messages.append({"role": "user", "content": content})
        return self._send(_anthropic_settings(settings))

    def tell_results(self, results: Mapping[str, str], **settings: Any) -> Heard:
        """Call id -> result."""
        content = [{"type": "tool_result", "tool_use_id": call, "content": said} for call, said in results.items()]
        self._messages.append({"role": "user", "content": content})
        return self._send(_anthropic_settings(settings))

    def _send(self, settings: dict[str, Any]) -> Heard:
        asked = {**self._common, **settings, "messages": self._messages}
        if self._stream:
            with self.client.messages.stream(**asked) as stream:
                message = stream.get_final_message()
        else:
            message = self.client.messages.create(**asked)
        content = [
            block.model_dump(exclude_none=True, exclude={"caller", "parsed_output"}) for block in message.content
        ]
        if content:
            self._messages.append({"role": "assistant", "content": content})
        return _heard_message(message)


class OpenAITalker:
    """openai.OpenAI, chat completions."""

    dialect = "openai_chat"

    def __init__(self, url: str, key: str, model: str, *, stream: bool, tools: Sequence[Tool] = ()) -> None:
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=TIMEOUT_S)
        self._stream = stream
        self._messages: list[Any] = []
        self._common: dict[str, Any] = {"model": model}
        if stream:
            self._common |= {"stream": True, "stream_options": {"include_usage": True}}
        if tools:
            self._common["tools"] = [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema},
                }
                for tool in tools
            ]

    def say(self, words: str, *, image: bytes | None = None, **settings: Any) -> Heard:
        """`image`: base64 of a PNG."""
        content: Any = words
        if image is not None:
            url = f"data:image/png;base64,{image.decode()}"
            content = [{"type": "text", "text": words}, {"type": "image_url", "image_url": {"url": url}}]
        self._messages.append({"role": "user", "content": content})
        return self._send(_chat_settings(settings))

    def tell_results(self, results: Mapping[str, str], **settings: Any) -> Heard:
        """Call id -> result."""
        self._messages += [{"role": "tool", "tool_call_id": call, "content": said} for call, said in results.items()]
        return self._send(_chat_settings(settings))

    def _send(self, settings: dict[str, Any]) -> Heard:
        answer: Any = self.client.chat.completions.create(**{**self._common, **settings, "messages": self._messages})
        heard = _heard_chunks(answer) if self._stream else _heard_completion(answer)
        said: dict[str, Any] = {"role": "assistant", "content": heard.text or None}
        if heard.thinking:
            said["reasoning_content"] = heard.thinking
        if heard.calls:
            said["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
                }
                for call in heard.calls
            ]
        self._messages.append(said)
        return heard


TALKERS: Final[Mapping[str, type[AnthropicTalker] | type[OpenAITalker]]] = {
    "anthropic": AnthropicTalker,
    "openai_chat": OpenAITalker,
}

CHAT_STOPS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def _anthropic_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """thinking=True, schema=..., stop=[...], max_tokens=n, tool=name in this dialect."""
    words = dict(settings)
    if words.pop("thinking", False):
        words["thinking"] = {"type": "enabled", "budget_tokens": 2048}
    if "schema" in words:
        words["output_config"] = {"format": {"type": "json_schema", "schema": words.pop("schema")}}
    if "stop" in words:
        words["stop_sequences"] = words.pop("stop")
    if "tool" in words:
        words["tool_choice"] = {"type": "tool", "name": words.pop("tool")}
    return words


def _chat_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The same in this one."""
    words = dict(settings)
    if words.pop("thinking", False):
        words["reasoning_effort"] = "medium"
    if "schema" in words:
        wanted = {"name": "answer", "schema": words.pop("schema"), "strict": True}
        words["response_format"] = {"type": "json_schema", "json_schema": wanted}
    if "tool" in words:
        words["tool_choice"] = {"type": "function", "function": {"name": words.pop("tool")}}
    return words


def _heard_message(message: Any) -> Heard:
    usage = message.usage
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    details = usage.output_tokens_details
    return Heard(
        model=message.model,
        text="".join(block.text for block in message.content if block.type == "text"),
        thinking="".join(block.thinking for block in message.content if block.type == "thinking"),
        calls=[Call(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"],
        stop=message.stop_reason,
        counts=Counts(
            input=usage.input_tokens + cached + written,
            cached=cached,
            output=usage.output_tokens,
            reasoning=details.thinking_tokens if details else 0,
        ),
    )


def _heard_completion(completion: Any) -> Heard:
    choice = completion.choices[0]
    calls = [
        Call(call.id, call.function.name, json.loads(call.function.arguments))
        for call in choice.message.tool_calls or ()
    ]
    return Heard(
        model=completion.model,
        text=choice.message.content or "",
        thinking=getattr(choice.message, "reasoning_content", None) or "",
        calls=calls,
        stop=CHAT_STOPS[choice.finish_reason],
        counts=_chat_counts(completion.usage),
    )


def _heard_chunks(chunks: Any) -> Heard:
    heard = Heard()
    calls: dict[int, dict[str, str]] = {}
    for chunk in chunks:
        heard.model = chunk.model
        if chunk.usage is not None:
            heard.counts = _chat_counts(chunk.usage)
        for choice in chunk.choices:
            delta = choice.delta
            heard.text += delta.content or ""
            heard.thinking += getattr(delta, "reasoning_content", None) or ""
            for piece in delta.tool_calls or ():
                call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = piece.id or call["id"]
                call["name"] = piece.function.name or call["name"]
                call["arguments"] += piece.function.arguments or ""
            if choice.finish_reason:
                heard.stop = CHAT_STOPS[choice.finish_reason]
    heard.calls = [
        Call(call["id"], call["name"], json.loads(call["arguments"] or "{}")) for _, call in sorted(calls.items())
    ]
    return heard


def _chat_counts(usage: Any) -> Counts:
    prompt, answer = usage.prompt_tokens_details, usage.completion_tokens_details
    return Counts(
        input=usage.prompt_tokens,
        cached=(prompt.cached_tokens or 0) if prompt else 0,
        output=usage.completion_tokens,
        reasoning=(answer.reasoning_tokens or 0) if answer else 0,
    )
