"""Conversation -> Anthropic JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Raw, Struct

from translators.conversation import ChoiceMode, Conversation, HostedTool, Loss, OutputFormat
from translators.conversation import Tool as NeutralTool
from translators.dialect import EncodedRequest, Target
from translators.dialects.anthropic import wire
from translators.dialects.anthropic.blocks import control_of, text_block
from translators.dialects.anthropic.hosted import typed_tool
from translators.dialects.anthropic.models import Model, model_of
from translators.dialects.anthropic.schema import NO_FIELDS, is_object, must_stay_open, plain_schema, tool_schema
from translators.dialects.anthropic.turns import turns_of
from translators.dialects.anthropic.wish import Plan, plan_of
from translators.freeform import as_function
from translators.jsonio import ENCODER
from translators.names import Names
from translators.structured import json_tool_name
from translators.wish import wish_of

MAX_NAME: Final = 128
MAX_BREAKPOINTS: Final = 4
MIN_TOP_P: Final = 0.95
JSON_TOOL_WORDS: Final = "Give the whole answer by calling this tool: its input is the answer."
TIERS: Final[Mapping[str, str]] = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}
UNSAYABLE: Final = ("seed", "frequency_penalty", "presence_penalty", "logprobs")


def encode_request(conversation: Conversation, target: Target) -> EncodedRequest:
    """What can't be said is among the losses. Raises BadRequest where a schema is none."""
    losses: list[Loss] = []
    model = model_of(target.model)
    names = Names((tool.name for tool in conversation.tools), MAX_NAME)
    messages = turns_of(conversation, names, losses, keeps_thinking=target.keeps_thinking, goes_on=model.goes_on)
    tools = list(_tools(conversation.tools, names, target.genuine, losses))
    tools += _typed_tools(conversation.hosted, {tool.name for tool in tools}, losses)
    choice = _tool_choice(conversation, tools, names, losses)
    answer = _structured(conversation.output_format, tools, choice, target.genuine and model.formats, losses)
    max_tokens = conversation.max_tokens or target.max_output_tokens or model.max_tokens
    wish = wish_of(conversation.thinking, target, losses)
    plan = plan_of(wish, model, messages, answer.choice, max_tokens, losses)
    sampling = _sampling(conversation, model, plan, losses)
    system = [block for text in conversation.system if (block := text_block(text)) is not None]
    request = wire.Request(
        model=target.model,
        messages=messages,
        max_tokens=max_tokens,
        system=system or None,
        tools=answer.tools or None,
        tool_choice=answer.choice,
        stop_sequences=_stop(conversation.stop, losses) or None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        stream=True if target.stream else None,
        thinking=plan.thinking,
        output_config=_output_config(plan.effort, answer.format),
        metadata=wire.Metadata(conversation.user) if conversation.user else None,
        service_tier=_tier(conversation.service_tier, losses),
    )
    extras = dict(_extras(conversation, losses))
    _limit_breakpoints(request, MAX_BREAKPOINTS - ("cache_control" in extras), losses)
    for key, value in extras.items():
        setattr(request, key, value)
    return EncodedRequest(ENCODER.encode(request), tuple(losses), names.changed, answer.json_tool)


def _tools(tools: Sequence[NeutralTool], names: Names, genuine: bool, losses: list[Loss]) -> Iterator[wire.Tool]:
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        if tool.name in seen:
            losses.append(Loss(f"$.tools[{index}]", f"a second tool of the name {tool.name!r}"))
            continue
        seen.add(tool.name)
        path = f"$.tools[{index}].schema"
        description, given = tool.description, tool.schema
        if tool.freeform is not None:
            description, function = as_function(tool)
            given = Raw(function)
        schema = tool_schema(given, path)
        strict = tool.strict or None
        if strict and genuine and must_stay_open(schema.schema, path):
            losses.append(
                Loss(f"$.tools[{index}].strict", "strict tools close their objects, and one here must stay open")
            )
            strict = None
        yield wire.Tool(
            name=names.upstream(tool.name),
            description="\n\n".join(filter(None, (description, schema.rule))) or None,
            input_schema=plain_schema(schema.schema, path) if strict and genuine else schema.schema,
            strict=strict,
            cache_control=control_of(tool.cache),
        )


def _typed_tools(tools: Sequence[HostedTool], taken: set[str], losses: list[Loss]) -> Iterator[wire.Tool]:
    """Those that run at the vendor. Names are unique among all tools."""
    for index, tool in enumerate(tools):
        path = f"$.hosted[{index}]"
        if tool.tool in taken:
            losses.append(Loss(path, f"there is a tool of the name {tool.tool.value!r} already"))
        elif (typed := typed_tool(tool, path, losses)) is not None:
            taken.add(tool.tool)
            yield typed


def _tool_choice(
    conversation: Conversation, tools: Sequence[wire.Tool], names: Names, losses: list[Loss]
) -> wire.ToolChoice | None:
    """A choice without tools is refused."""
    choice, parallel = conversation.tool_choice, conversation.parallel_tool_calls
    if not tools:
        if choice is not None and choice.mode in (ChoiceMode.ANY, ChoiceMode.ONE):
            losses.append(Loss("$.tool_choice", "there are no tools to choose from"))
        return None
    alone = True if parallel is False else None
    if choice is None:
        return wire.ToolChoice("auto", disable_parallel_tool_use=alone) if alone else None
    match choice.mode:
        case ChoiceMode.NONE:
            return wire.ToolChoice("none")
        case ChoiceMode.ONE if choice.hosted and all(tool.name != choice.name for tool in tools):
            losses.append(Loss("$.tool_choice", "the tool that it asks for is not there"))
            return None
        case ChoiceMode.ONE:
            return wire.ToolChoice("tool", choice.name if choice.hosted else names.upstream(choice.name), alone)
        case ChoiceMode.ANY:
            return wire.ToolChoice("any", disable_parallel_tool_use=alone)
        case ChoiceMode.AUTO:
            return wire.ToolChoice("auto", disable_parallel_tool_use=alone)


class _Answer(Struct, frozen=True):
    """How the answer's form is asked for: by a format, by a tool, or not at all."""

    tools: list[wire.Tool]
    choice: wire.ToolChoice | None
    format: wire.FormatConfig | None = None
    json_tool: str | None = None


def _structured(
    wanted: OutputFormat | None,
    tools: list[wire.Tool],
    choice: wire.ToolChoice | None,
    formats: bool,
    losses: list[Loss],
) -> _Answer:
    """A tool that must be called stands for a format where the upstream has none, there is no schema, or one whose
    objects formats would close too far."""
    if wanted is None:
        return _Answer(tools, choice)
    path = "$.output_format"
    if wanted.schema is not None and not is_object(wanted.schema, path):
        losses.append(Loss(path, "a schema whose root is no object"))
        return _Answer(tools, choice)
    if formats and wanted.schema is not None and not must_stay_open(wanted.schema, path):
        if wanted.description:
            losses.append(Loss(f"{path}.description", "Anthropic's formats have none"))
        return _Answer(tools, choice, wire.FormatConfig(plain_schema(wanted.schema, path)))
    if choice is not None and choice.type == "tool":
        losses.append(Loss(path, "one tool must be called, so there is no answer to give a form"))
        return _Answer(tools, choice)
    name = json_tool_name({tool.name for tool in tools})
    schema = tool_schema(wanted.schema, path) if wanted.schema is not None else None
    words = (JSON_TOOL_WORDS, wanted.description, schema.rule if schema else "")
    tool = wire.Tool(name, "\n\n".join(filter(None, words)), schema.schema if schema else NO_FIELDS)
    if not tools or (choice is not None and choice.type == "none"):
        return _Answer([*tools, tool], wire.ToolChoice("tool", name, True), json_tool=name)
    alone = choice.disable_parallel_tool_use if choice else None
    return _Answer([*tools, tool], wire.ToolChoice("any", disable_parallel_tool_use=alone), json_tool=name)


class _Sampling(Struct, frozen=True):
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


def _sampling(conversation: Conversation, model: Model, plan: Plan, losses: list[Loss]) -> _Sampling:
    """The newest models take none of it, thinking ones nearly none."""
    temperature, top_p, top_k = conversation.temperature, conversation.top_p, conversation.top_k
    if not model.samples:
        given = [key for key in ("temperature", "top_p", "top_k") if getattr(conversation, key) is not None]
        losses += [Loss(f"$.{key}", "the model takes no sampling parameters") for key in given]
        return _Sampling()
    if temperature is not None and temperature > 1:
        losses.append(Loss("$.temperature", f"{temperature} is more than 1, which was sent"))
        temperature = 1.0
    if plan.on and temperature not in (None, 1):
        losses.append(Loss("$.temperature", "a model that thinks has temperature 1"))
        temperature = None
    if plan.on and top_k is not None:
        losses.append(Loss("$.top_k", "a model that thinks takes none"))
        top_k = None
    if plan.on and top_p is not None and top_p < MIN_TOP_P:
        losses.append(Loss("$.top_p", f"a model that thinks takes none below {MIN_TOP_P}"))
        top_p = None
    if temperature is not None and top_p is not None and not model.samples_both:
        losses.append(Loss("$.top_p", "the model takes it or a temperature, not both"))
        top_p = None
    return _Sampling(temperature, top_p, top_k)


def _stop(words: Sequence[str], losses: list[Loss]) -> list[str]:
    kept = [word for word in words if word.strip()]
    if len(kept) < len(words):
        losses.append(Loss("$.stop", "stop strings of nothing but white space"))
    return kept


def _output_config(effort: str | None, form: wire.FormatConfig | None) -> wire.OutputConfig | None:
    return wire.OutputConfig(effort, form) if effort or form else None


def _tier(tier: str | None, losses: list[Loss]) -> str | None:
    if tier is not None and tier not in TIERS:
        losses.append(Loss("$.service_tier", f"unknown tier {tier!r}"))
    return TIERS.get(tier or "")


def _extras(conversation: Conversation, losses: list[Loss]) -> Iterator[tuple[str, Raw]]:
    """Fields of Anthropic's own go out as they came; others can't be said."""
    for key, value in conversation.extras.items():
        if key in wire.EXTRAS:
            yield key, value
        else:
            losses.append(Loss(f"$.{key}", "Anthropic has no such field"))
    losses += [
        Loss(f"$.{key}", "Anthropic has no such field") for key in UNSAYABLE if getattr(conversation, key) is not None
    ]
    if conversation.n is not None and conversation.n > 1:
        losses.append(Loss("$.n", "Anthropic gives one answer"))


def _limit_breakpoints(request: wire.Request, limit: int, losses: list[Loss]) -> None:
    """More are refused; the last ones reach furthest."""
    marked = list(_marked(request))
    for path, block in marked[: max(0, len(marked) - limit)]:
        block.cache_control = None
        losses.append(Loss(f"{path}.cache_control", f"more than {limit} cache breakpoints"))


def _marked(request: wire.Request) -> Iterator[tuple[str, Any]]:
    """What carries a breakpoint, in the order in which the vendor reads it."""
    yield from (("$.tools", tool) for tool in request.tools or () if _is_marked(tool))
    yield from (("$.system", text) for text in request.system or () if _is_marked(text))
    for message in request.messages:
        for block in message.content:
            if type(block) is wire.ToolResultBlock and isinstance(block.content, list):
                yield from (("$.messages", piece) for piece in block.content if _is_marked(piece))
            if _is_marked(block):
                yield "$.messages", block


def _is_marked(block: object) -> bool:
    return getattr(block, "cache_control", None) is not None
