"""Ollama on the wire: requests of /api/chat and /api/generate. Source: the types of the ollama Python package 0.6."""

from msgspec import UNSET, Raw, Struct, UnsetType


class Function(Struct):
    name: str
    arguments: Raw = Raw(b"{}")


class ToolCall(Struct):
    """Older clients know no ids."""

    function: Function
    id: str | None = None


class Message(Struct):
    """`images` are base64. `tool_name` and `tool_call_id`: whose result it is."""

    role: str
    content: str | None = None
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class FunctionSpec(Struct):
    name: str
    description: str | None = None
    parameters: Raw | UnsetType = UNSET


class Tool(Struct):
    function: FunctionSpec
    type: str | None = None


class Options(Struct):
    """How the model is run. Those that only a local one knows are losses."""

    num_predict: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


class Request(Struct):
    """Either way to ask: by `messages`, or by a `prompt`."""

    model: str = ""
    messages: list[Message] | None = None
    prompt: str | None = None
    suffix: str | None = None
    images: list[str] | None = None
    system: str | None = None
    tools: list[Tool] | None = None
    format: Raw | UnsetType = UNSET
    options: Raw | UnsetType = UNSET
    stream: bool | None = None
    think: bool | str | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    template: Raw | UnsetType = UNSET
    context: Raw | UnsetType = UNSET
    raw: Raw | UnsetType = UNSET
    keep_alive: Raw | UnsetType = UNSET


LOCAL: tuple[str, ...] = ("template", "context", "raw", "keep_alive")
"""Fields for a model that is run here."""
