"""What Responses refuse: OpenAI's own API (GENUINE), its imitators (COMPATIBLE), the backend of Codex (BACKEND)."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from tests.vendors import responses_shapes as shapes
from tests.vendors.openai_chat_rules import is_reasoning
from tests.vendors.openai_chat_schema import schema_fault
from tests.vendors.openai_chat_words import string_too_long, worded
from tests.vendors.rules import Asked, Refusal, RuleBook
from tests.vendors.shape import Misshapen

NAMES: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
MAX_ID: Final = 64
MIN_OUTPUT_TOKENS: Final = 16
SEAL: Final = "gAAAAA"
PREFIXES: Final = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
ANSWERS: Final = {"function_call_output": "function_call", "custom_tool_call_output": "custom_tool_call"}
UNSUPPORTED: Final = (
    "max_output_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "truncation",
    "user",
    "context_management",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "stream_options",
    "generate",
    "previous_response_id",
)
OTHER_SHAPES: Final = {"compact": shapes.COMPACT, "input_tokens": shapes.COUNT}
ANSWERED: Final = "answered by OpenAI: github.com/"
EXECUTOR: Final = "github.com/router-for-me/CLIProxyAPI: codex executor and its translator"

GENUINE: Final = RuleBook()
COMPATIBLE: Final = RuleBook()
BACKEND: Final = RuleBook()


def detail(message: str) -> Refusal:
    """As the backend words what it does not take: without an error object."""
    return Refusal(message, kind="detail")


@GENUINE.rule("openai.types.responses.response_create_params; recorded clients: unknown field refused by OpenAI")
def shape_is_known(asked: Asked) -> None:
    shape = OTHER_SHAPES.get(asked.request.path.rpartition("/")[2], shapes.REQUEST)
    try:
        shape(asked.body)
    except Misshapen as flaw:
        raise worded(flaw) from flaw


@GENUINE.rule(
    "recorded: One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided."
)
def there_is_an_input(asked: Asked) -> None:
    if not any(asked.body.get(name) for name in ("input", "previous_response_id", "prompt", "conversation")):
        raise Refusal("One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.")


@GENUINE.rule(ANSWERED + "earendil-works/pi/issues/6265")
def output_tokens_are_enough(asked: Asked) -> None:
    limit = asked.body.get("max_output_tokens")
    if limit is not None and limit < MIN_OUTPUT_TOKENS:
        raise Refusal(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= "
            f"{MIN_OUTPUT_TOKENS}, but got {limit} instead.",
            param="max_output_tokens",
            code="integer_below_min_value",
        )


@GENUINE.rule("platform.openai.com/docs/guides/latest-model: parameter compatibility")
def reasoning_models_have_no_sampling(asked: Asked) -> None:
    for name in ("temperature", "top_p"):
        if asked.body.get(name) is not None and is_reasoning(asked.body.get("model")):
            raise Refusal(
                f"Unsupported parameter: '{name}' is not supported with this model.",
                param=name,
                code="unsupported_parameter",
            )


@GENUINE.rule("platform.openai.com/docs/api-reference/responses/create#responses-create-tools: function.name")
@BACKEND.rule("platform.openai.com/docs/api-reference/responses/create#responses-create-tools: function.name")
def tool_names_are_plain(asked: Asked) -> None:
    for index, tool in enumerate(asked.body.get("tools") or ()):
        if tool.get("type") in ("function", "custom") and not NAMES.fullmatch(tool.get("name", "")):
            raise Refusal(
                f"Invalid 'tools[{index}].name': string does not match pattern. Expected a string that matches the "
                "pattern '^[a-zA-Z0-9_-]+$'.",
                param=f"tools[{index}].name",
                code="invalid_value",
            )


@GENUINE.rule(ANSWERED + "jeremychone/rust-genai/pull/119, BerriAI/litellm/issues/17507")
def assistants_put_words_out(asked: Asked) -> None:
    for index, item in _items(asked.body):
        content = item.get("content") if item.get("role") == "assistant" else None
        for number, part in enumerate(content if isinstance(content, list) else ()):
            if part.get("type") not in ("output_text", "refusal"):
                raise Refusal(
                    f"Invalid value: '{part.get('type')}'. Supported values are: 'output_text' and 'refusal'.",
                    param=f"input[{index}].content[{number}]",
                    code="invalid_value",
                )


@GENUINE.rule("platform.openai.com/docs/guides/function-calling: tool_choice names one of the tools")
def chosen_tools_are_there(asked: Asked) -> None:
    choice = asked.body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") not in ("function", "custom"):
        return
    if all(tool.get("name") != choice["name"] for tool in asked.body.get("tools") or ()):
        raise Refusal(f"Tool choice '{choice['type']}' not found in 'tools' parameter.", param="tool_choice")


@GENUINE.rule("openai.types.responses.response_create_params.tool_choice; vllm-project/vllm/pull/21052: as OpenAI does")
def required_tools_are_there(asked: Asked) -> None:
    if asked.body.get("tool_choice") == "required" and not asked.body.get("tools"):
        raise Refusal("Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice")


@GENUINE.rule(ANSWERED + "openai/codex/issues/93, continuedev/continue/issues/10092")
@BACKEND.rule(ANSWERED + "openai/codex/issues/93, continuedev/continue/issues/10092")
def calls_are_answered(asked: Asked) -> None:
    items = list(_items(asked.body))
    for answer, call in ANSWERS.items():
        called = {item.get("call_id") for _, item in items if item.get("type") == call}
        answered = {item.get("call_id") for _, item in items if item.get("type") == answer}
        for missing in called - answered:
            raise Refusal(f"No tool output found for {call.replace('_', ' ')} {missing}.", param="input")
        for orphan in answered - called:
            raise Refusal(
                f"No tool call found for {call.replace('_', ' ')} output with call_id {orphan}.", param="input"
            )


@GENUINE.rule(ANSWERED + "continuedev/continue/issues/8933")
def reasoning_is_followed(asked: Asked) -> None:
    items = [item for _, item in _items(asked.body)]
    for item, following in pairwise([*items, {}]):
        leads_on = following.get("type") in ("function_call", "custom_tool_call", "reasoning", "web_search_call")
        if item.get("type") == "reasoning" and not (leads_on or following.get("role") == "assistant"):
            raise Refusal(
                f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following item.",
                param="input",
            )


@GENUINE.rule(ANSWERED + "openai/codex/issues/33176")
@BACKEND.rule(ANSWERED + "Wei-Shaw/sub2api/issues/3981")
def item_ids_tell_their_kind(asked: Asked) -> None:
    for index, item in _items(asked.body):
        prefix = PREFIXES.get(item.get("type", ""), "")
        if "id" in item and not str(item["id"]).startswith(prefix):
            raise Refusal(
                f"Invalid 'input[{index}].id': '{item['id']}'. Expected an ID that begins with '{prefix}'.",
                param=f"input[{index}].id",
                code="invalid_value",
            )


@GENUINE.rule(ANSWERED + "HKUDS/nanobot/issues/1623")
@BACKEND.rule(ANSWERED + "AnswerDotAI/fastllm/issues/45")
def ids_are_short(asked: Asked) -> None:
    for index, item in _items(asked.body):
        for name in ("id", "call_id"):
            value = item.get(name) or ""
            if len(value) > MAX_ID:
                raise string_too_long(f"input[{index}].{name}", MAX_ID, len(value))


@GENUINE.rule(
    "platform.openai.com/docs/guides/reasoning: encrypted reasoning items; recorded: invalid_encrypted_content"
)
@BACKEND.rule(
    "platform.openai.com/docs/guides/reasoning: encrypted reasoning items; recorded: invalid_encrypted_content"
)
def sealed_reasoning_is_ours(asked: Asked) -> None:
    for _, item in _items(asked.body):
        sealed = item.get("encrypted_content")
        if item.get("type") == "reasoning" and sealed and not sealed.startswith(SEAL):
            raise Refusal(
                f"The encrypted content {sealed[:4]}... could not be verified. Reason: Encrypted content could not be "
                "decrypted or parsed.",
                code="invalid_encrypted_content",
            )


@GENUINE.rule("platform.openai.com/docs/guides/conversation-state: nothing was stored here")
def previous_response_is_there(asked: Asked) -> None:
    previous = asked.body.get("previous_response_id")
    if previous:
        raise Refusal(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )


COMPATIBLE.extend(GENUINE)  # What follows is OpenAI's own.


@GENUINE.rule(ANSWERED + "openai/openai-agents-python/issues/1023, SamSaffron/term-llm/pull/180")
def schemas_are_taken(asked: Asked) -> None:
    for index, tool in enumerate(asked.body.get("tools") or ()):
        parameters = tool.get("parameters") if tool.get("type") == "function" else None
        fault = schema_fault(parameters, strict=bool(tool.get("strict")))
        if fault is not None:
            raise Refusal(
                f"Invalid schema for function '{tool.get('name')}': {fault}",
                param=f"tools[{index}].parameters",
                code="invalid_function_parameters",
            )
    wanted = (asked.body.get("text") or {}).get("format") or {}
    fault = schema_fault(wanted.get("schema"), strict=True) if wanted.get("strict") else None
    if fault is not None:
        raise Refusal(f"Invalid schema for response_format '{wanted.get('name')}': {fault}", param="text.format.schema")


# The backend of Codex


@BACKEND.rule(ANSWERED + "leookun/cursor-byok/issues/14")
def stream_is_true(asked: Asked) -> None:
    if not _is_compaction(asked) and asked.body.get("stream") is not True:
        raise detail("Stream must be set to true")


@BACKEND.rule(ANSWERED + "openclaw/openclaw/issues/138395")
def store_is_false(asked: Asked) -> None:
    if not _is_compaction(asked) and asked.body.get("store") is not False:
        raise detail("Store must be set to false")


@BACKEND.rule(EXECUTOR)
def compactions_are_not_streamed(asked: Asked) -> None:
    if _is_compaction(asked) and "stream" in asked.body:
        raise detail("Unsupported parameter: stream")


@BACKEND.rule(EXECUTOR)
def instructions_are_there(asked: Asked) -> None:
    if not isinstance(asked.body.get("instructions"), str):
        raise detail("Instructions are required")


@BACKEND.rule(EXECUTOR)
def input_is_a_list(asked: Asked) -> None:
    if not isinstance(asked.body.get("input"), list):
        raise detail("Input must be a list")


@BACKEND.rule(EXECUTOR)
def parameters_are_supported(asked: Asked) -> None:
    for name in UNSUPPORTED:
        if name in asked.body and not _is_compaction(asked):
            raise detail(f"Unsupported parameter: {name}")


@BACKEND.rule(EXECUTOR)
def service_tier_is_priority(asked: Asked) -> None:
    if asked.body.get("service_tier", "priority") != "priority":
        raise detail(f"Unsupported service_tier: {asked.body['service_tier']}")


@BACKEND.rule(EXECUTOR)
def nobody_is_the_system(asked: Asked) -> None:
    if any(item.get("role") == "system" for _, item in _items(asked.body)):
        raise detail("System messages are not allowed")


@BACKEND.rule(EXECUTOR)
def there_are_no_breakpoints(asked: Asked) -> None:
    for _, item in _items(asked.body):
        content = item.get("content")
        if isinstance(content, list) and any("prompt_cache_breakpoint" in part for part in content):
            raise Refusal("prompt_cache_breakpoint is not supported on this model")


@BACKEND.rule(EXECUTOR)
def tools_are_known(asked: Asked) -> None:
    for tool in asked.body.get("tools") or ():
        if str(tool.get("type")).startswith("web_search_preview"):
            raise detail(f"Unsupported tool type: {tool['type']}")


def _is_compaction(asked: Asked) -> bool:
    return asked.request.path.endswith("/compact")


def _items(body: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    given = body.get("input")
    if isinstance(given, list):
        yield from ((index, item) for index, item in enumerate(given) if isinstance(item, dict))
