"""Every leaf of a request is sent, mapped or listed as a loss.

A dialect's `every-field.request.json` says all that its vendor's SDK can say. Each leaf is taken out, and then changed:
where neither makes a difference to what is sent or to what is told as lost, the leaf was dropped in silence.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tests.conformance.judges import targets
from tests.conformance.material import REQUEST_PAIRS, name_of
from tests.support.recordings import OURS
from translators import BadRequest, translate_request
from translators.dialect import Target
from translators.registry import dialect

type Place = tuple[str | int, ...]

FILES: Final = {source: OURS / source / "every-field.request.json" for source, _ in REQUEST_PAIRS}
PAIRS: Final = [pair for pair in REQUEST_PAIRS if FILES[pair[0]].exists()]

SAY_NOTHING: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": (
        r"\.cache_control\.type$",  # there is one; the mark itself is told (see test_parts)
        r"\.user_location\.type$",
        r"\.caller\.type$",  # "direct" is what a call is anyway
        r"\.content\[4\]\.content\[0\]\.type$",  # what a search finds is of one type
        r"\.format\.type$",
        r"\.thinking\.display$",  # summarized is what others show anyway
        r"\.source\.media_type$",  # of text there is one
        r"\.tools\[[1-4]\]\.name$",  # the type says it
        r"\.signature$",  # a proof for its signer alone
        r"\.citations\[\d\]\.",  # told as a whole: where the words come from
    ),
    "openai_chat": (
        r"\.cache_control\.(type|ttl)$",
        r"\.prompt_cache_breakpoint\.(mode|ttl)$",
        r"\.user_location\.type$",
        r"\.(tools|tool_calls)\[\d\]\.type$",  # the field that goes with it says it
        r"\.tool_choice\.type$",
        r"\.format\.type$",
        r"\.allowed_tools\.mode$",  # auto is what it is anyway
        r"\.parameters\.(type|properties)$",  # an object, which it has to be, and may be an empty one
        r"\.additionalProperties$",  # strictness says it
        r"\.json_schema\.(name|strict)$",  # Anthropic's formats have no name, and are strict
        r"\.messages\[7\]\.name$",  # whose result it is says the call
        r"\.stream_options\.include_usage$",  # for the encoder of the reply
    ),
    "openai_responses": (
        r"\.(id|status)$",  # nobody else has items
        r"\.prompt_cache_breakpoint\.(mode|ttl)$",
        r"\.input\[2\]\.",  # what was thought is told as a whole
        r"\.annotations\[\d\]\.",  # told as a whole: where the words come from
        r"\.content\[\d\]\.logprobs$",
        r"\.action\.type$",
    ),
    "openai_completions": (r"\.stream_options\.include_usage$",),
    "gemini": (
        r"^\$\.systemInstruction\.role$",  # what it is says its place
        r"\.thoughtSignature$",  # a proof for its signer alone
        r"\.fileData\.mimeType$",  # others read it off what stands there
        r"\.functionResponse\.(id|name)$",  # either says whose it is
        r"\.(toolCall|toolResponse|executableCode|codeExecutionResult)\.id$",  # in words, its place says it
        r"\.executableCode\.language$",  # there is one
        r"\.(parameters|parametersJsonSchema|)\.type$",  # an object, which it has to be
        r"\.propertyOrdering\[\d\]$",  # the order of the properties, in which these stand anyway
        r"\.responseJsonSchema\.additionalProperties$",  # Anthropic's formats are strict
        r"\.functionDeclarations\[1\]\.behavior$",  # BLOCKING is what it is anyway
        r"\.thinkingConfig\.includeThoughts$",  # Anthropic shows them anyway
    ),
    "ollama": (
        r"\.(tools|tool_calls)\[\d\]\.type$",  # there is one type
        r"\.function\.index$",  # its place says it
        r"\.tool_name$",  # so does the id
        r"\.parameters\.type$",  # an object, which it has to be
        r"\.format\.additionalProperties$",  # Anthropic's formats are strict
    ),
}
"""Leaves of which nothing is to be told, by the end of their path."""

ALIASES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "anthropic": (
        (r"^\$\.thinking$", r"$.output_config.effort"),
        (r"^\$\.output_format", r"$.output_config.format"),
        (r"^\$\.stop$", r"$.stop_sequences"),
        *((rf"^\$\.hosted\[{index}\]$", f"$.tools[{index + 1}]") for index in range(4)),
    ),
    "openai_chat": (
        (r"^\$\.thinking$", r"$.reasoning_effort"),
        (r"^\$\.output_format", r"$.response_format.json_schema"),
        (r"^\$\.logprobs$", r"$.top_logprobs"),
        (r"^\$\.hosted\[(\d)\]$", r"$.web_search_options"),
    ),
    "gemini": (
        (r"^\$\.messages(\[\d\])\.content", r"$.contents\1.parts"),
        (r"^\$\.messages", r"$.contents"),
        (r"^\$\.thinking$", r"$.generationConfig.thinkingConfig"),
        (r"^\$\.logprobs$", r"$.generationConfig.logprobs"),
        (r"^\$\.stop$", r"$.generationConfig.stopSequences"),
        (r"^\$\.hosted\[0\]", r"$.tools[1].googleSearch"),
    ),
    "ollama": (
        (r"^\$\.stop$", r"$.options.stop"),
        (r"^\$\.logprobs$", r"$.top_logprobs"),
    ),
}
"""Where a loss of the neutral conversation stands in a client's body."""


def leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where something stands that holds nothing else."""
    inner = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    if not inner and place:
        yield place
    for key, one in inner:
        yield from leaves(one, (*place, key))


def path_of(place: Place) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)


def without(request: Any, place: Place) -> Any:
    changed = copy.deepcopy(request)
    holder = changed
    for step in place[:-1]:
        holder = holder[step]
    del holder[place[-1]]
    return changed


def other(request: Any, place: Place) -> Any:
    """The request with another value there."""
    changed = copy.deepcopy(request)
    holder = changed
    for step in place[:-1]:
        holder = holder[step]
    old = holder[place[-1]]
    match old:
        case bool():
            holder[place[-1]] = not old
        case int() | float():
            holder[place[-1]] = old + 1
        case str():
            holder[place[-1]] = old + "x"
        case _:
            holder[place[-1]] = ["x"]
    return changed


def outcome(request: Any, source: str, upstream: str, target: Target) -> Any:
    """All that is known of it afterwards: the body, the losses, and what the reply will need."""
    try:
        sent = translate_request(json.dumps(request).encode(), source, upstream, target=target)
    except BadRequest as error:
        return str(error)
    return json.loads(sent.body), sent.losses, sent.context


def in_body(path: str, source: str) -> str:
    """The client's path for a neutral one."""
    for pattern, there in ALIASES.get(source, ()):
        if re.search(pattern, path):
            return re.sub(pattern, there, path)
    return path.replace(".parts[", ".content[")


def is_told(path: str, lost: set[str]) -> bool:
    """Whether it is lost together with what holds it."""
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in lost)


def silent(source: str, upstream: str, target: Target) -> list[str]:
    request = json.loads(FILES[source].read_bytes())
    before = outcome(request, source, upstream, target)
    assert not isinstance(before, str), before
    lost = {one for loss in before[1] for one in (loss.path, in_body(loss.path, source))}
    found: list[str] = []
    for place in leaves(request):
        path = path_of(place)
        if path in ("$.model", "$.stream"):  # The target says them.
            continue
        if is_told(path, lost) or any(re.search(pattern, path) for pattern in SAY_NOTHING.get(source, ())):
            continue
        if all(outcome(change(request, place), source, upstream, target) == before for change in (without, other)):
            found.append(path)
    return found


@pytest.mark.parametrize(("source", "upstream"), PAIRS, ids=map(name_of, PAIRS))
def test_no_leaf_of_a_request_is_dropped_in_silence(source: str, upstream: str) -> None:
    for target in targets(upstream):
        assert silent(source, upstream, target) == [], target


def test_the_dialects_that_clients_speak_have_such_a_request() -> None:
    assert {source for source, _ in PAIRS} >= {
        "anthropic",
        "gemini",
        "ollama",
        "openai_chat",
        "openai_completions",
        "openai_responses",
    }
    assert all(dialect(source).request_wire is not None for source, _ in PAIRS)
