"""Legacy completions on the wire: requests.

Source: the types of the openai Python SDK 3.52; `top_k` is vLLM's.
"""

from msgspec import UNSET, Raw, Struct, UnsetType


class StreamOptions(Struct):
    include_usage: bool | None = None


class Request(Struct):
    """The body of POST /v1/completions."""

    model: str = ""
    prompt: Raw | UnsetType = UNSET
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    user: str | None = None
    echo: bool | None = None
    suffix: str | None = None
    n: int | None = None
    best_of: int | None = None
    logprobs: int | bool | None = None
    logit_bias: Raw | UnsetType = UNSET
