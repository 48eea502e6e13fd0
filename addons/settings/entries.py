"""The sections of config.yaml that name credentials, in CLIProxyAPI's spelling."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from addons.settings.values import (
    BareBaseUrl,
    BaseUrl,
    HeaderMap,
    Length,
    Name,
    OptionalBaseUrl,
    OwnCount,
    Patterns,
    Pieces,
    Prefix,
    ProxyUrl,
    Secret,
    Switch,
    Text,
    Texts,
    modality,
    word,
)

MOST_WEIGHT: Final = 1_000_000
LEVELS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Thinking levels, from none on."""

type Modality = Annotated[Literal["text", "image", "audio", "video", "document"], BeforeValidator(modality)]
type Level = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "auto"]
type RuleAction = Annotated[
    Literal["stop", "stop-and-cooldown", "continue", "continue-and-cooldown"], BeforeValidator(word)
]


class Section(BaseModel):
    """Frozen, kebab-case in the file, exact types. Unknown keys are the loader's business."""

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,  # Each is built once, as a part of the whole: 30 ms of every start.
        strict=True,
        extra="ignore",
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class ThinkingEntry(Section):
    """How much a model can think. Both absent, `max` and `levels`: the catalogue's word stands.

    `levels` is in the order of LEVELS; `auto` among them is read as dynamic-allowed, `none` as zero-allowed too.
    """

    min: int = Field(default=0, ge=0, description="tokens")
    max: int = Field(default=0, ge=0, description="tokens; 0: no budget can be given")
    zero_allowed: Switch = Field(default=False, description="it can be switched off")
    dynamic_allowed: Switch = Field(default=False, description="the model may decide itself")
    levels: tuple[Level, ...] = Field(default=(), description="minimal, low, medium, high, xhigh, max")

    @model_validator(mode="before")
    @classmethod
    def _levels_in_order(cls, data: object) -> object:
        if not isinstance(data, Mapping) or not isinstance(data.get("levels"), tuple):
            return data
        levels = [word(level) for level in data["levels"]]
        settled: dict[str, Any] = {**data, "levels": tuple(level for level in LEVELS if level in levels)}
        if unknown := [level for level in levels if level not in (*LEVELS, "auto", "")]:
            settled["levels"] = tuple(unknown)  # The field says what is wrong with them.
        if "none" in levels:
            settled["zero-allowed"] = True
        if "auto" in levels:
            settled["dynamic-allowed"] = True
        return settled

    @model_validator(mode="after")
    def _a_range(self) -> "ThinkingEntry":
        if self.max and self.min > self.max:
            raise ValueError(f"min ({self.min}) is above max ({self.max}): exchange them")
        return self


class ModelEntry(Section):
    """A model of a credential: `name` to the upstream, `alias` to clients (empty: the name)."""

    name: Name
    alias: Text = ""
    display_name: Text = ""
    max_context_length: Length = Field(default=None, description="tokens; 0: what the catalogue knows")
    is_compat: Switch = Field(default=False, description="earlier thinking without a signature is sent back to it")
    thinking: ThinkingEntry | None = Field(default=None, description="how much it can think")
    input_modalities: tuple[Modality, ...] = Field(default=(), description="none: what the catalogue knows")
    output_modalities: tuple[Modality, ...] = Field(default=(), description="for model lists")

    @property
    def asked(self) -> str:
        """What clients call it."""
        return self.alias.strip() or self.name


class RequestRule(Section):
    """What an error of the vendor means, where the built-in rules are wrong for this credential.

    It holds where the status is the same and one of `match` stands in the body, or one of `match-regexr` is found in
    it. A rule with neither is left out when the file is read, as in CLIProxyAPI. Source: its request-scoped-errors.
    """

    status: int = Field(ge=400, le=599)
    match: Pieces = ()
    match_regexr: Patterns = ()
    action: RuleAction


class Entry(Section):
    """What every entry of a section may say."""

    prefix: Prefix = Field(default="", description="models are also reached as PREFIX/NAME")
    priority: int = Field(default=0, description="the highest that is available is used")
    headers: HeaderMap = Field(default_factory=dict, description="`$NAME` copies the client's header NAME")
    models: tuple[ModelEntry, ...] = Field(default=(), description="none: what the catalogue knows of this vendor")
    excluded_models: Texts = Field(default=(), description="`*` stands for anything")
    proxy_url: ProxyUrl = Field(default=SecretStr(""), description="http, https, socks5, socks5h; direct: none")
    disable_cooling: Switch | None = Field(default=None, description="no rest after a failure")
    request_retry: OwnCount = Field(default=None, description="more rounds in which it takes part; less than 0: as all")
    request_scoped_errors: tuple[RequestRule, ...] = ()
    max_concurrency: int = Field(default=0, ge=0, description="requests at once on each key; 0: no limit")


class Key(Entry):
    """A key of a vendor's API, or of a server that speaks its dialect."""

    api_key: Secret = SecretStr("")
    base_url: BareBaseUrl = Field(default="", description="empty: the vendor's own")
    weight: int = Field(default=1, le=MOST_WEIGHT, description="its share under weighted-round-robin; 0: none")


class GeminiKey(Key):
    """A key of Google's Gemini API."""


class ClaudeKey(Key):
    """A key of the Anthropic API."""


class CodexKey(Key):
    """A key of a server that speaks OpenAI's Responses, as Codex does."""

    base_url: BaseUrl = Field(description="the path before /responses, such as https://api.openai.com/v1")


class XaiKey(Key):
    """A key of xAI's API."""

    base_url: OptionalBaseUrl = Field(default="", description="empty: https://api.x.ai/v1")


class VertexKey(Key):
    """A key of Vertex AI, or of a server that has its paths."""


class CompatibleKey(Section):
    """One key of an openai-compatibility provider; empty for a server that wants none."""

    api_key: Secret = SecretStr("")
    weight: int = Field(default=1, le=MOST_WEIGHT)
    proxy_url: ProxyUrl = SecretStr("")


class CompatibleProvider(Entry):
    """A vendor or local server that speaks OpenAI's chat completions."""

    name: Name
    base_url: BaseUrl = Field(description="with /v1 where the vendor has it")
    disabled: Switch = False
    api_key_entries: tuple[CompatibleKey, ...] = ()
