"""What chat completions refuse: OpenAI itself (GENUINE), and even a compatible vendor (COMPATIBLE)."""

import re
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors import openai_chat_combinations as combinations
from tests.vendors import openai_chat_shapes as shapes
from tests.vendors.openai_chat_schema import schema_fault
from tests.vendors.openai_chat_words import string_too_long, too_long, worded
from tests.vendors.rules import Asked, Refusal, RuleBook
from tests.vendors.shape import Misshapen

NAMES: Final = re.compile(r"[a-zA-Z0-9_-]+")
MAX_NAME: Final = 64
MAX_CALL_ID: Final = 40
MAX_STOPS: Final = 4
MAX_TOOLS: Final = 128
REASONING_MODELS: Final = re.compile(r"(o[134]|gpt-5|gpt-6)(?!.*chat)")
IMAGE_DATA: Final = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,")

GENUINE: Final = RuleBook()
COMPATIBLE: Final = RuleBook()


def is_reasoning(model: Any) -> bool:
    """Whether the model thinks, and so refuses sampling parameters."""
    return REASONING_MODELS.match(str(model)) is not None


@COMPATIBLE.rule("openai.types.chat.completion_create_params: model, messages are required")
def model_and_messages_are_there(asked: Asked) -> None:
    if not isinstance(asked.body.get("model"), str):
        raise Refusal("you must provide a model parameter", param="model")
    if not isinstance(asked.body.get("messages"), list):
        raise Refusal("Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter")


@COMPATIBLE.rule("answered by DeepSeek: github.com/earendil-works/pi/issues/1048")
def compatibles_know_no_developer(asked: Asked) -> None:
    for index, message in enumerate(asked.body["messages"]):
        if message.get("role") not in ("system", "user", "assistant", "tool"):
            raise Refusal(
                f"Failed to deserialize the JSON body into the target type: messages[{index}].role: unknown variant "
                f"`{message.get('role')}`, expected one of `system`, `user`, `assistant`, `tool`"
            )


@GENUINE.rule("openai.types.chat.completion_create_params; recorded clients: unknown field refused by OpenAI")
def shape_is_known(asked: Asked) -> None:
    try:
        shapes.REQUEST(asked.body)
    except Misshapen as flaw:
        raise worded(flaw) from flaw


@GENUINE.rule("openai.types.chat.completion_create_params.messages: at least one")
@COMPATIBLE.rule("openai.types.chat.completion_create_params.messages: at least one")
def there_is_a_message(asked: Asked) -> None:
    if not asked.body["messages"]:
        raise Refusal(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param="messages",
            code="empty_array",
        )


@GENUINE.rule("recorded: vercel/ai packages/openai/src/chat/__fixtures__/reasoning-model-legacy-parameter-error.json")
def reasoning_models_want_max_completion_tokens(asked: Asked) -> None:
    if asked.body.get("max_tokens") is not None and is_reasoning(asked.body["model"]):
        raise Refusal(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
            "instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )


@GENUINE.rule("developers.openai.com/api/docs/guides/reasoning: temperature, top_p and penalties are not supported")
def reasoning_models_have_no_sampling(asked: Asked) -> None:
    if not is_reasoning(asked.body["model"]) or asked.body.get("reasoning_effort") == "none":
        return
    for name, default in (("temperature", 1), ("top_p", 1), ("presence_penalty", 0), ("frequency_penalty", 0)):
        value = asked.body.get(name)
        if value is not None and value != default:
            raise Refusal(
                f"Unsupported value: '{name}' does not support {value} with this model. Only the default ({default}) "
                "value is supported.",
                param=name,
                code="unsupported_value",
            )


@GENUINE.rule("openai.types.chat.completion_create_params.stop: not supported with reasoning models")
def reasoning_models_have_no_stop(asked: Asked) -> None:
    if asked.body.get("stop") and is_reasoning(asked.body["model"]):
        raise Refusal(
            "Unsupported parameter: 'stop' is not supported with this model.",
            param="stop",
            code="unsupported_parameter",
        )


@GENUINE.rule("answered by the vendor: github.com/davidmigloz/langchain_dart/issues/712")
def other_models_have_no_effort(asked: Asked) -> None:
    if asked.body.get("reasoning_effort") is not None and not is_reasoning(asked.body["model"]):
        raise Refusal("Unrecognized request argument supplied: reasoning_effort")


@GENUINE.rule("openai.types.chat.completion_create_params.temperature: between 0 and 2")
def temperature_is_between_0_and_2(asked: Asked) -> None:
    temperature = asked.body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 2:
        side, limit = ("maximum", 2) if temperature > 2 else ("minimum", 0)
        raise Refusal(
            f"Invalid 'temperature': decimal {'above maximum' if temperature > 2 else 'below minimum'} value. Expected "
            f"a value {'<=' if side == 'maximum' else '>='} {limit}, but got {temperature} instead.",
            param="temperature",
            code=f"decimal_{'above_max' if temperature > 2 else 'below_min'}_value",
        )


@GENUINE.rule("openai.types.chat.completion_create_params.stop: up to 4 sequences")
def stops_are_few(asked: Asked) -> None:
    stop = asked.body.get("stop")
    if isinstance(stop, list) and len(stop) > MAX_STOPS:
        raise too_long("stop", MAX_STOPS, len(stop))


@GENUINE.rule("openai.types.chat.completion_create_params.stream_options: only set this when you set stream: true")
def stream_options_need_a_stream(asked: Asked) -> None:
    if asked.body.get("stream_options") is not None and not asked.body.get("stream"):
        raise Refusal(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )


@GENUINE.rule("developers.openai.com/api/docs/guides/function-calling: 1 to 128 tools")
def tools_are_neither_none_nor_many(asked: Asked) -> None:
    tools = asked.body.get("tools")
    if tools is not None and not tools:
        raise Refusal(
            "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param="tools",
            code="empty_array",
        )
    if tools is not None and len(tools) > MAX_TOOLS:
        raise too_long("tools", MAX_TOOLS, len(tools))


@GENUINE.rule(
    "answered by the vendor: github.com/vllm-project/vllm/pull/40311 and github.com/Upsonic/Upsonic/issues/323"
)
def tool_settings_need_tools(asked: Asked) -> None:
    for name in ("tool_choice", "parallel_tool_calls"):
        if name in asked.body and not asked.body.get("tools"):
            raise Refusal(
                f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.", param=name
            )


@GENUINE.rule("openai.types.shared_params.FunctionDefinition.name: a-z, A-Z, 0-9, underscores and dashes, at most 64")
@COMPATIBLE.rule(
    "openai.types.shared_params.FunctionDefinition.name: a-z, A-Z, 0-9, underscores and dashes, at most 64"
)
def tool_names_are_plain(asked: Asked) -> None:
    for place, name in _names(asked.body):
        if not NAMES.fullmatch(name):
            raise Refusal(
                f"Invalid '{place}': string does not match pattern. Expected a string that matches the pattern "
                "'^[a-zA-Z0-9_-]+$'.",
                param=place,
                code="invalid_value",
            )
        if len(name) > MAX_NAME:
            raise string_too_long(place, MAX_NAME, len(name))


@GENUINE.rule("recorded clients: call id at most 40 characters at OpenAI")
def call_ids_are_short(asked: Asked) -> None:
    for index, message in enumerate(asked.body["messages"]):
        places = [
            (f"messages[{index}].tool_calls[{n}].id", call["id"])
            for n, call in enumerate(message.get("tool_calls") or ())
        ]
        if message["role"] == "tool":
            places.append((f"messages[{index}].tool_call_id", message["tool_call_id"]))
        for place, call_id in places:
            if len(call_id) > MAX_CALL_ID:
                raise string_too_long(place, MAX_CALL_ID, len(call_id))


@GENUINE.rule("openai.types.chat.ChatCompletionAssistantMessageParam.content: required unless tool_calls is specified")
def assistant_says_something(asked: Asked) -> None:
    for index, message in enumerate(asked.body["messages"]):
        silent = message.get("content") is None and not message.get("refusal")
        if (
            message["role"] == "assistant"
            and silent
            and not (message.get("tool_calls") or message.get("function_call"))
        ):
            raise Refusal(
                "Invalid value for 'content': expected a string, got null.", param=f"messages.[{index}].content"
            )


@GENUINE.rule("answered by the vendor: github.com/BerriAI/litellm/issues/10083")
@COMPATIBLE.rule("answered by DeepSeek: github.com/TurixAI/TuriX-CUA/issues/15")
def calls_are_answered(asked: Asked) -> None:
    waiting: list[str] = []
    for index, message in enumerate([*asked.body["messages"], {"role": "end"}]):
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                raise Refusal(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'.",
                    param=f"messages.[{index}].role",
                )
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            raise Refusal(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                "'tool_call_id'. The following tool_call_ids did not have response messages: " + ", ".join(waiting),
                param=f"messages.[{index}].role",
            )
        waiting = [call["id"] for call in message.get("tool_calls") or ()]


@GENUINE.rule("openai.types.chat.ChatCompletionAssistantMessageParam.tool_calls: not empty")
def call_lists_are_not_empty(asked: Asked) -> None:
    for index, message in enumerate(asked.body["messages"]):
        if message.get("tool_calls") == []:
            raise Refusal(
                f"Invalid 'messages[{index}].tool_calls': empty array. Expected an array with minimum length 1, "
                "but got an empty array instead.",
                param=f"messages[{index}].tool_calls",
                code="empty_array",
            )


@GENUINE.rule(
    "openai.types.shared_params.FunctionDefinition.parameters; recorded clients: properties, items are required"
)
def parameters_are_objects(asked: Asked) -> None:
    for tool in asked.body.get("tools") or ():
        function = tool.get("function", {})
        if "parameters" not in function:
            continue
        complaint = schema_fault(function["parameters"], strict=bool(function.get("strict")))
        if complaint is not None:
            raise Refusal(
                f"Invalid schema for function '{function['name']}': {complaint}",
                param="tools[0].function.parameters",
                code="invalid_function_parameters",
            )


@GENUINE.rule("openai.types.shared_params.response_format_json_schema; recorded clients: strict")
def response_schema_is_strict(asked: Asked) -> None:
    wanted = (asked.body.get("response_format") or {}).get("json_schema")
    if wanted is None:
        return
    if not NAMES.fullmatch(wanted["name"]) or len(wanted["name"]) > MAX_NAME:
        raise Refusal(
            "Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that matches "
            "the pattern '^[a-zA-Z0-9_-]+$'.",
            param="response_format.json_schema.name",
            code="invalid_value",
        )
    if "schema" not in wanted:
        raise Refusal(
            "Missing required parameter: 'response_format.json_schema.schema'.",
            param="response_format.json_schema.schema",
            code="missing_required_parameter",
        )
    complaint = schema_fault(wanted["schema"], strict=True) if wanted.get("strict") else None
    if complaint is not None:
        raise Refusal(f"Invalid schema for response_format '{wanted['name']}': {complaint}", param="response_format")


@GENUINE.rule("openai.types.chat.completion_create_params.response_format: JSON mode needs the word in a message")
def json_mode_is_announced(asked: Asked) -> None:
    if (asked.body.get("response_format") or {}).get("type") != "json_object":
        return
    if "json" not in str([message.get("content") for message in asked.body["messages"]]).lower():
        raise Refusal(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            param="messages",
        )


@GENUINE.rule("developers.openai.com/api/docs/guides/images-vision: png, jpeg, webp, gif as data or http(s) URL")
@COMPATIBLE.rule("developers.openai.com/api/docs/guides/images-vision: png, jpeg, webp, gif as data or http(s) URL")
def images_can_be_read(asked: Asked) -> None:
    for index, message in enumerate(asked.body["messages"]):
        for part in message.get("content") if isinstance(message.get("content"), list) else ():
            if part.get("type") != "image_url":
                continue
            url = part["image_url"]["url"]
            if not IMAGE_DATA.match(url) and not url.startswith(("https://", "http://")):
                raise Refusal(
                    f"Invalid image URL: 'messages[{index}].content'. Expected a valid URL, or a base64-encoded data "
                    "URL of png, jpeg, gif or webp.",
                    param=f"messages[{index}].content",
                    code="invalid_value",
                )


GENUINE.extend(combinations.GENUINE)
COMPATIBLE.extend(combinations.COMPATIBLE)


def _names(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for index, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") == "function":
            yield f"tools[{index}].function.name", tool["function"]["name"]
    for index, message in enumerate(body["messages"]):
        for n, call in enumerate(message.get("tool_calls") or ()):
            if call.get("type", "function") == "function":
                yield f"messages[{index}].tool_calls[{n}].function.name", call["function"]["name"]
