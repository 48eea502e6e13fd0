"""The model behind the simulated vendors: deterministic, knows a few tricks.

It echoes the last user text. `WRITE <path> <content>` on a line makes it call the tool that writes files,
`CALL <tool> <json>` any tool (several lines: parallel calls); after tool results it says "done". A forced tool or a
schema for the output gets the smallest value that fits. Where thinking is on it thinks first.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.vendors.behaviour import Part, Reply, Stop, Text, Thinking, Tokens, ToolCall

ANY_TOOL: Final = "*"

WRITE: Final = re.compile(r"^\W*WRITE (\S+) (.+?)\W*$", re.MULTILINE)
CALL: Final = re.compile(r"^CALL (\S+) (\{.*\})$", re.MULTILINE)
WRITERS: Final = ("Write", "write", "write_file", "Bash", "bash")
PATHS: Final = ("file_path", "filePath", "path")
WORD: Final = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request as the model sees it: `texts`, `images` and `results` are those of the last turn.

    `tools`: name -> schema. `forced`: a tool that must be called, or ANY_TOOL. `schema`: of structured output.
    """

    texts: tuple[str, ...] = ()
    images: int = 0
    results: tuple[str, ...] = ()
    tools: Mapping[str, Any] = field(default_factory=dict)
    forced: str | None = None
    parallel: bool = True
    schema: Any = None
    thinking: bool = False
    stops: tuple[str, ...] = ()
    max_tokens: int | None = None
    input_tokens: int = 1


def answer(prompt: Prompt) -> Reply:
    """The model's reply."""
    thoughts: tuple[Part, ...] = (Thinking("Let me see: " + _last(prompt)),) if prompt.thinking else ()
    if prompt.forced is not None and prompt.tools:
        name = next(iter(prompt.tools)) if prompt.forced == ANY_TOOL else prompt.forced
        return Reply((*thoughts, ToolCall(name, json.dumps(smallest(prompt.tools[name])))))
    if prompt.results:
        return _say(prompt, thoughts, "done")
    calls = tuple(_calls(prompt))
    if calls:
        return Reply((*thoughts, *(calls if prompt.parallel else calls[:1])))
    if prompt.schema is not None:
        return _say(prompt, thoughts, json.dumps(smallest(prompt.schema)))
    return _say(prompt, thoughts, f"echo: {_last(prompt)}" + (f" [images: {prompt.images}]" if prompt.images else ""))


def count_tokens(words: str) -> int:
    """Tokens of this model: words."""
    return len(WORD.findall(words))


def tokens_of(reply: Reply, prompt: Prompt) -> Tokens:
    """What the reply costs, unless a script says otherwise."""
    if reply.usage is not None:
        return reply.usage
    reasoning = sum(count_tokens(part.text) for part in reply.parts if isinstance(part, Thinking))
    spoken = sum(
        count_tokens(part.arguments) if isinstance(part, ToolCall) else count_tokens(part.text) for part in reply.parts
    )
    return Tokens(input=prompt.input_tokens, output=max(spoken, 1) + reasoning, reasoning=reasoning)


def smallest(schema: Any) -> Any:
    """A small value that fits a JSON schema."""
    if not isinstance(schema, Mapping):
        return {}
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        return smallest(schema["anyOf"][0])
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "string":
            return "x"
        case "integer" | "number":
            return max(1, int(schema.get("minimum", 1)))
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            return [smallest(schema.get("items", {"type": "string"}))]
        case _:
            needed = schema.get("required", ())
            return {name: smallest(schema.get("properties", {}).get(name, {"type": "string"})) for name in needed}


def _last(prompt: Prompt) -> str:
    return prompt.texts[-1] if prompt.texts else ""


def _calls(prompt: Prompt) -> Iterator[ToolCall]:
    for words in prompt.texts:
        for name, arguments in CALL.findall(words):
            if name in prompt.tools:
                yield ToolCall(name, arguments)
        for path, content in WRITE.findall(words):
            writer = next((name for name in WRITERS if name in prompt.tools), None)
            if writer is not None:
                yield ToolCall(writer, json.dumps(_written(prompt.tools[writer], path, content)))


def _written(schema: Any, path: str, content: str) -> dict[str, str]:
    properties = schema.get("properties", {})
    if "command" in properties:
        return {"command": f"printf %s '{content}' > '{path}'", "description": "writes the file"}
    return {next((name for name in PATHS if name in properties), PATHS[0]): path, "content": content}


def _say(prompt: Prompt, thoughts: tuple[Part, ...], words: str) -> Reply:
    """The text, ended by a stop string or by the limit, whichever comes first."""
    stop, hit = Stop.END, None
    for candidate in prompt.stops:
        if candidate in words:
            words, stop, hit = words[: words.index(candidate)], Stop.STOP_SEQUENCE, candidate
    spoken = WORD.findall(words)
    if prompt.max_tokens is not None and len(spoken) > prompt.max_tokens:
        words, stop, hit = "".join(spoken[: prompt.max_tokens]), Stop.LENGTH, None
    return Reply((*thoughts, Text(words)), stop=stop, stop_sequence=hit)
