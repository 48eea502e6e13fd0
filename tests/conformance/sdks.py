"""The vendors' own SDKs as judges: they read what we wrote, over HTTP, as a client would."""

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

import anthropic
import openai
from google import genai
from google.genai import errors as genai_errors
from openai.types.chat import ChatCompletionMessage
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from openai.types.responses import ResponseCompletedEvent, ResponseIncompleteEvent, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.conformance.said import Said, arguments

MODEL: Final = "the-model"
STREAM_EVENT: Final[TypeAdapter[Any]] = TypeAdapter(ResponseStreamEvent)


class Sdk(Protocol):
    """What the tests need of an SDK. Both raise what the SDK raises."""

    def __init__(self, base_url: str) -> None: ...

    def whole(self) -> Said: ...

    def stream(self) -> Said: ...

    def close(self) -> None: ...


class AnthropicSdk:
    """The official anthropic package."""

    def __init__(self, base_url: str) -> None:
        self._client = anthropic.Anthropic(base_url=base_url, api_key="test-key-1", max_retries=0)
        self._asked: dict[str, Any] = {
            "model": MODEL,
            "max_tokens": 10,
            "messages": [{"role": "user", "content": "hello"}],
        }

    def whole(self) -> Said:
        return self._said(self._client.messages.create(**self._asked))

    def stream(self) -> Said:
        with self._client.messages.stream(**self._asked) as stream:
            return self._said(stream.get_final_message())

    def close(self) -> None:
        self._client.close()

    def _said(self, message: anthropic.types.Message) -> Said:
        assert message.model == MODEL
        usage = message.usage
        prompt = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        said = Said(stop=message.stop_reason, tokens=(prompt, usage.output_tokens))
        for block in message.content:
            if isinstance(block, anthropic.types.TextBlock):
                said.text += block.text
            elif isinstance(block, anthropic.types.ThinkingBlock):
                said.thinking += block.thinking
            elif isinstance(block, anthropic.types.ToolUseBlock):
                assert block.id
                said.calls.append((block.name, block.input))
        return said


class ChatSdk:
    """The official openai package, chat completions."""

    def __init__(self, base_url: str) -> None:
        self._client = openai.OpenAI(base_url=f"{base_url}/v1", api_key="test-key-1", max_retries=0)
        self._asked: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}

    def whole(self) -> Said:
        completion = self._client.chat.completions.create(**self._asked)
        assert completion.model == MODEL
        assert completion.object == "chat.completion"
        [choice] = completion.choices
        said = Said(stop=choice.finish_reason, tokens=tokens_of(completion.usage))
        self._words(said, choice.message)
        for call in choice.message.tool_calls or ():
            assert call.type == "function"
            assert call.id
            said.calls.append((call.function.name, arguments(call.function.arguments, None)))
        return said

    def stream(self) -> Said:
        said = Said()
        calls: dict[int, tuple[str, list[str]]] = {}
        asked = {**self._asked, "stream": True, "stream_options": {"include_usage": True}}
        ids = set()
        for chunk in self._client.chat.completions.create(**asked):
            assert chunk.model == MODEL
            assert chunk.object == "chat.completion.chunk"
            ids.add((chunk.id, chunk.created))
            said.tokens = tokens_of(chunk.usage) or said.tokens
            for choice in chunk.choices:
                assert said.stop is None, "a choice after its finish"
                said.stop = choice.finish_reason
                self._words(said, choice.delta)
                for call in choice.delta.tool_calls or ():
                    assert call.function is not None
                    if call.index not in calls:
                        assert call.index == len(calls)
                        assert call.id
                        calls[call.index] = (call.function.name or "", [])
                    calls[call.index][1].append(call.function.arguments or "")
        assert len(ids) <= 1
        said.calls = [(name, arguments("".join(pieces), None)) for name, pieces in calls.values()]
        return said

    def close(self) -> None:
        self._client.close()

    def _words(self, said: Said, message: ChatCompletionMessage | ChoiceDelta) -> None:
        said.text += (message.content or "") + (message.refusal or "")
        said.declined |= bool(message.refusal)
        said.thinking += (message.model_extra or {}).get("reasoning_content") or ""


class CompletionsSdk:
    """The official openai package, legacy completions."""

    def __init__(self, base_url: str) -> None:
        self._client = openai.OpenAI(base_url=f"{base_url}/v1", api_key="test-key-1", max_retries=0)

    def whole(self) -> Said:
        completion = self._client.completions.create(model=MODEL, prompt="hello")
        assert completion.model == MODEL
        assert completion.object == "text_completion"
        [choice] = completion.choices
        return Said(text=choice.text, stop=choice.finish_reason, tokens=tokens_of(completion.usage))

    def stream(self) -> Said:
        said = Said()
        ids = set()
        for chunk in self._client.completions.create(
            model=MODEL, prompt="hello", stream=True, stream_options={"include_usage": True}
        ):
            assert chunk.model == MODEL
            assert chunk.object == "text_completion"
            ids.add((chunk.id, chunk.created))
            said.tokens = tokens_of(chunk.usage) or said.tokens
            for choice in chunk.choices:
                assert said.stop is None, "a choice after its finish"
                said.stop = choice.finish_reason
                said.text += choice.text
        assert len(ids) <= 1
        return said

    def close(self) -> None:
        self._client.close()


class GeminiSdk:
    """The official google-genai package."""

    def __init__(self, base_url: str) -> None:
        options = genai.types.HttpOptions(base_url=base_url)
        self._client = genai.Client(api_key="test-key-1", http_options=options)

    def whole(self) -> Said:
        said = Said()
        self._take(said, self._client.models.generate_content(model=MODEL, contents="hello"))
        return said

    def stream(self) -> Said:
        said = Said()
        ids = set()
        for chunk in self._client.models.generate_content_stream(model=MODEL, contents="hello"):
            assert said.stop is None, "a chunk after the finish"
            ids.add(chunk.response_id)
            self._take(said, chunk)
        assert len(ids) == 1
        return said

    def close(self) -> None:
        self._client.close()

    def _take(self, said: Said, chunk: genai.types.GenerateContentResponse) -> None:
        assert chunk.model_version == MODEL
        [candidate] = chunk.candidates or []
        assert candidate.content is not None
        said.stop = candidate.finish_reason.value if candidate.finish_reason else None
        for part in candidate.content.parts or ():
            if part.thought:
                said.thinking += part.text or ""
            else:
                said.text += part.text or ""
            if part.function_call is not None:
                said.calls.append((part.function_call.name or "", part.function_call.args))
        usage = chunk.usage_metadata
        if usage is not None:
            assert usage.prompt_token_count is not None
            answer = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
            assert usage.total_token_count == usage.prompt_token_count + answer
            said.tokens = usage.prompt_token_count, answer


class ResponsesSdk:
    """The official openai package, Responses. What it reads must be what the vendor's description allows, strictly."""

    def __init__(self, base_url: str) -> None:
        self._client = openai.OpenAI(base_url=f"{base_url}/v1", api_key="test-key-1", max_retries=0)
        self._asked: dict[str, Any] = {"model": MODEL, "input": "hello"}

    def whole(self) -> Said:
        return self._said(self._client.responses.create(**self._asked))

    def stream(self) -> Said:
        """`stream` puts the reply together and checks that it can; the raw events are checked one by one."""
        with self._client.responses.stream(**self._asked) as stream:
            shown = [event for event in stream if event.type in ("response.completed", "response.incomplete")]
        done: list[Any] = []
        last = None
        for number, event in enumerate(self._client.responses.create(**self._asked, stream=True)):
            STREAM_EVENT.validate_python(event.to_dict())
            assert event.sequence_number == number
            last = event
            if event.type == "response.output_item.done":
                assert event.output_index == len(done)
                done.append(event.item.to_dict())
        assert isinstance(last, ResponseCompletedEvent | ResponseIncompleteEvent)
        assert [item.to_dict() for item in last.response.output] == done
        assert last.type == f"response.{last.response.status}"
        [end] = shown
        assert end.type == last.type
        return self._said(last.response)

    def close(self) -> None:
        self._client.close()

    def _said(self, response: openai.types.responses.Response) -> Said:
        openai.types.responses.Response.model_validate(response.to_dict())
        assert response.model == MODEL
        assert response.object == "response"
        details, usage = response.incomplete_details, response.usage
        said = Said(stop=response.status if details is None else details.reason)
        if usage is not None:
            assert usage.total_tokens == usage.input_tokens + usage.output_tokens
            said.tokens = (usage.input_tokens, usage.output_tokens)
        for item in response.output:
            match item:
                case openai.types.responses.ResponseOutputMessage():
                    for part in item.content:
                        said.declined |= part.type == "refusal"
                        said.text += part.text if part.type == "output_text" else part.refusal
                case openai.types.responses.ResponseReasoningItem():
                    said.thinking += "".join(piece.text for piece in item.summary)
                case openai.types.responses.ResponseFunctionToolCall():
                    assert item.call_id
                    said.calls.append((item.name, arguments(item.arguments, None)))
                case _:  # What the vendor's own tools did.
                    pass
        return said


def tokens_of(usage: openai.types.CompletionUsage | None) -> tuple[int, int] | None:
    """Whole prompt, whole answer."""
    if usage is None:
        return None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    return usage.prompt_tokens, usage.completion_tokens


SDKS: Final[Mapping[str, type[Sdk]]] = {
    "anthropic": AnthropicSdk,
    "openai_chat": ChatSdk,
    "openai_completions": CompletionsSdk,
    "openai_responses": ResponsesSdk,
    "gemini": GeminiSdk,
}
API_ERRORS: Final = (anthropic.APIError, openai.APIError, genai_errors.APIError)


def as_json(value: Any) -> str:
    """For comparing values that JSON cannot tell apart."""
    return json.dumps(value, sort_keys=True)
