"""What Anthropic's Messages API refuses beyond the shape of a request."""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors import anthropic_shapes as shapes
from tests.vendors.anthropic_schema_rules import SCHEMAS
from tests.vendors.anthropic_thinking_rules import THINKING
from tests.vendors.anthropic_turns import all_blocks, blocks, turns, version_of
from tests.vendors.rules import Asked, Refusal, RuleBook
from tests.vendors.shape import Flaw, Misshapen

DOCS: Final = "platform.claude.com/docs/en"
IDS: Final = re.compile(r"[a-zA-Z0-9_-]+")
TOOL_NAMES: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
MAX_CACHE_MARKS: Final = 4
CACHE_SCOPE: Final = "prompt-caching-scope"

RULES: Final = RuleBook()


@RULES.rule(f"{DOCS}/api/overview: headers; recorded clients send 2023-06-01")
def version_header_is_required(asked: Asked) -> None:
    if "anthropic-version" not in asked.request.headers:
        raise Refusal("anthropic-version: header is required")


@RULES.rule(f"{DOCS}/api/overview: content-type application/json")
def body_is_json(asked: Asked) -> None:
    if not asked.request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal("content-type: must be application/json")


@RULES.rule("anthropic.types.message_create_params; recorded clients: unknown field refused, max_tokens required")
def shape_is_known(asked: Asked) -> None:
    beta = "anthropic-beta" in asked.request.headers
    if asked.request.path.endswith("/count_tokens"):
        shape = shapes.BETA_COUNT if beta else shapes.COUNT
    else:
        shape = shapes.BETA_REQUEST if beta else shapes.REQUEST
    try:
        shape(asked.body)
    except Misshapen as flaw:
        raise Refusal(_worded(flaw)) from flaw


@RULES.rule("anthropic.types.message_create_params: messages (at least one)")
def there_is_a_message(asked: Asked) -> None:
    if not asked.body["messages"]:
        raise Refusal("messages: at least one message is required")


@RULES.rule("answered by the vendor: github.com/lobehub/lobehub/issues/1601")
def first_turn_is_the_users(asked: Asked) -> None:
    if turns(asked)[:1] and turns(asked)[0][0] != "user":
        raise Refusal('messages: first message must use the "user" role')


@RULES.rule("anthropic.types.message_create_params: max_tokens may be 0 (cache pre-warming), not less")
def max_tokens_is_not_negative(asked: Asked) -> None:
    if asked.body.get("max_tokens", 1) < 0:
        raise Refusal("max_tokens: Input should be greater than or equal to 0")


@RULES.rule("recorded clients: temperature 0-1")
def temperature_is_between_0_and_1(asked: Asked) -> None:
    temperature = asked.body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 1:
        side = "less than or equal to 1" if temperature > 1 else "greater than or equal to 0"
        raise Refusal(f"temperature: Input should be {side}")


@RULES.rule("answered by the vendor: github.com/BerriAI/litellm/issues/15097, github.com/open-webui/pipelines/pull/546")
def newer_models_sample_one_way(asked: Asked) -> None:
    both = asked.body.get("temperature") is not None and asked.body.get("top_p") is not None
    if both and re.search(r"(opus|sonnet|haiku)-4-[1-9](?!\d)", str(asked.body.get("model"))):
        raise Refusal("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")


@RULES.rule("recorded clients: stop_sequences, no blank ones")
def stop_sequences_are_not_blank(asked: Asked) -> None:
    if any(not sequence.strip() for sequence in asked.body.get("stop_sequences", ())):
        raise Refusal("stop_sequences: each stop sequence must contain non-whitespace")


@RULES.rule("recorded clients: empty text refused, also whitespace only")
def text_is_not_blank(asked: Asked) -> None:
    system = blocks(asked.body.get("system", [])) if asked.body.get("system") else []
    nested = [
        ("messages", inner)
        for _, block in all_blocks(asked)
        if block["type"] == "tool_result" and isinstance(block.get("content"), list)
        for inner in block["content"]
    ]
    for place, block in [*(("system", block) for block in system), *all_blocks(asked), *nested]:
        if block["type"] != "text":
            continue
        where = place.partition(".")[0]
        if not block["text"]:
            raise Refusal(f"{where}: text content blocks must be non-empty")
        if not block["text"].strip():
            raise Refusal(f"{where}: text content blocks must contain non-whitespace text")


@RULES.rule("answered by the vendor: github.com/anthropics/claude-code/issues/3196")
def content_is_not_empty(asked: Asked) -> None:
    last = len(asked.body["messages"]) - 1
    for number, message in enumerate(asked.body["messages"]):
        if not message["content"] and not (number == last and message["role"] == "assistant"):
            raise Refusal(
                f"messages.{number}: all messages must have non-empty content except for the optional final "
                "assistant message"
            )


@RULES.rule("answered by the vendor: github.com/tailcallhq/forgecode/issues/1872")
def prefill_does_not_end_in_whitespace(asked: Asked) -> None:
    role, content = turns(asked)[-1]
    if role == "assistant" and content and content[-1]["type"] == "text":
        words = content[-1]["text"]
        if words != words.rstrip():
            raise Refusal("messages: final assistant content cannot end with trailing whitespace")


@RULES.rule(f"{DOCS}/api/errors#prefill-not-supported: Claude 4.6 and later")
def prefill_is_supported_by_the_model(asked: Asked) -> None:
    if turns(asked)[-1][0] == "assistant" and version_of(asked.body["model"]) >= (4, 6):
        raise Refusal(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


@RULES.rule(f"{DOCS}/agents-and-tools/tool-use/web-search-tool: encrypted_content must be passed back as it came")
def searches_are_its_own(asked: Asked) -> None:
    for place, block in all_blocks(asked):
        if block["type"] == "server_tool_use" and not block["id"].startswith("srvtoolu_"):
            raise Refusal(f"{place}.server_tool_use.id: String should match pattern '^srvtoolu_[a-zA-Z0-9_]+$'")
        found = block.get("content") if block["type"] == "web_search_tool_result" else None
        cited = block.get("citations") if block["type"] == "text" else None
        if any(not one.get("encrypted_content") for one in found or () if isinstance(found, list)):
            raise Refusal(f"{place}.web_search_tool_result.content: Invalid `encrypted_content`")
        if any(one.get("encrypted_index") == "" for one in cited or ()):
            raise Refusal(f"{place}.text.citations: Invalid `encrypted_index`")


@RULES.rule("recorded clients: call id [a-zA-Z0-9_-]+")
def call_ids_are_plain(asked: Asked) -> None:
    for place, block in all_blocks(asked):
        field = {"tool_use": "id", "tool_result": "tool_use_id"}.get(block["type"])
        if field is not None and not IDS.fullmatch(block[field]):
            raise Refusal(f"{place}.{block['type']}.{field}: String should match pattern '^[a-zA-Z0-9_-]+$'")


@RULES.rule("recorded clients: tool name [a-zA-Z0-9_-]{1,128}")
def tool_names_are_plain(asked: Asked) -> None:
    for index, tool in enumerate(asked.body.get("tools") or ()):
        if not TOOL_NAMES.fullmatch(tool["name"]):
            raise Refusal(f"tools.{index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    for place, block in all_blocks(asked):
        if block["type"] == "tool_use" and not TOOL_NAMES.fullmatch(block["name"]):
            raise Refusal(f"{place}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")


@RULES.rule("answered by the vendor: github.com/danny-avila/LibreChat/issues/13162")
def tool_names_are_unique(asked: Asked) -> None:
    if any(count > 1 for count in Counter(tool["name"] for tool in asked.body.get("tools") or ()).values()):
        raise Refusal("tools: Tool names must be unique.")


@RULES.rule("answered by the vendor, as the comments of AutoGen's _anthropic_client.py and of several gateways say")
def tool_choice_needs_tools(asked: Asked) -> None:
    choice = asked.body.get("tool_choice")
    if choice is None:
        return
    names = [tool["name"] for tool in asked.body.get("tools") or ()]
    if not names:
        raise Refusal("tool_choice may only be specified while providing tools.")
    if choice["type"] == "tool" and choice["name"] not in names:
        raise Refusal(f"tool_choice: Tool '{choice['name']}' not found in provided tools")


@RULES.rule("answered by the vendor: github.com/anthropics/claude-code/issues/8612 and /18947")
def results_follow_their_calls(asked: Asked) -> None:
    waiting: list[str] = []
    for number, (role, content) in enumerate(turns(asked)):
        results = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
        missing = [call for call in waiting if call not in results]
        if missing:
            raise Refusal(
                f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the "
                "next message."
            )
        for result in results:
            if result not in waiting:
                raise Refusal(
                    f"messages.{number}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {result}. "
                    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                )
        waiting = [block["id"] for block in content if block["type"] == "tool_use"] if role == "assistant" else []
    if waiting:
        raise Refusal(
            f"messages.{len(turns(asked)) - 1}: `tool_use` ids were found without `tool_result` blocks immediately "
            f"after: {', '.join(waiting)}. Each `tool_use` block must have a corresponding `tool_result` block in the "
            "next message."
        )


@RULES.rule("recorded clients: in the next user turn, results first")
def results_come_first(asked: Asked) -> None:
    for number, (role, content) in enumerate(turns(asked)):
        kinds = [block["type"] == "tool_result" for block in content]
        if role == "user" and any(kinds) and kinds != sorted(kinds, reverse=True):
            raise Refusal(
                f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks immediately after. "
                "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            )


@RULES.rule("answered by the vendor: github.com/vectorize-io/hindsight/pull/4250 and github.com/trycua/cua/issues/524")
def calls_and_results_are_unique(asked: Asked) -> None:
    for _, content in turns(asked):
        for kind, field, said in (
            ("tool_use", "id", "`tool_use` ids must be unique"),
            ("tool_result", "tool_use_id", "each tool_use must have a single result. Found multiple `tool_result`"),
        ):
            counted = Counter(block[field] for block in content if block["type"] == kind)
            repeated = [name for name, count in counted.items() if count > 1]
            if repeated:
                raise Refusal(f"messages: {said} ({repeated[0]})")


@RULES.rule(f"{DOCS}/build-with-claude/prompt-caching: up to 4 cache breakpoints")
def cache_marks_are_few(asked: Asked) -> None:
    found = len(list(_cache_marks(asked)))
    if found > MAX_CACHE_MARKS:
        raise Refusal(f"A maximum of 4 blocks with cache_control may be provided. Found {found}.")


@RULES.rule("recorded clients: a scope goes with the beta prompt-caching-scope-2026-01-05")
def cache_scope_needs_its_beta(asked: Asked) -> None:
    if CACHE_SCOPE not in asked.request.headers.get("anthropic-beta", "") and any(
        "scope" in mark for mark in _cache_marks(asked)
    ):
        raise Refusal("cache_control.scope: Extra inputs are not permitted")


def _cache_marks(asked: Asked) -> Iterator[dict[str, Any]]:
    system = asked.body.get("system") or ()
    carriers = [asked.body, *(asked.body.get("tools") or ()), *(block for block in system if isinstance(block, dict))]
    for _, block in all_blocks(asked):
        carriers.append(block)
        inner = block.get("content") if block["type"] == "tool_result" else None
        carriers += inner if isinstance(inner, list) else []
    yield from (carrier["cache_control"] for carrier in carriers if carrier.get("cache_control"))


@RULES.rule(f"{DOCS}/build-with-claude/vision: base64 data; https URLs")
def images_can_be_read(asked: Asked) -> None:
    for place, block in all_blocks(asked):
        if block["type"] not in ("image", "document"):
            continue
        source = block["source"]
        if source["type"] == "base64":
            try:
                base64.b64decode(source["data"], validate=True)
            except binascii.Error as error:
                raise Refusal(f"{place}.{block['type']}.source.base64: invalid base64 data") from error
        elif source["type"] == "url" and not source["url"].startswith("https://"):
            raise Refusal(f"{place}.{block['type']}.source.url.url: Only HTTPS URLs are supported.")


RULES.extend(SCHEMAS)
RULES.extend(THINKING)


def _worded(flaw: Misshapen) -> str:
    """As the API says it: pydantic's words."""
    place = ".".join(str(step) for step in flaw.at)
    match flaw.flaw:
        case Flaw.MISSING:
            return f"{place}: Field required"
        case Flaw.UNKNOWN:
            return f"{place}: Extra inputs are not permitted"
        case Flaw.TYPE:
            return f"{place}: Input should be a valid {flaw.expected}"
        case Flaw.VALUE:
            return f"{place}: Input should be {flaw.expected}"
