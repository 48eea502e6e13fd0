"""The sections of config.yaml that change requests: payload, disable-image-generation, prompt-rules and
model-routes, in CLIProxyAPI's spelling.

What can't be used is left out one by one before the file is checked (`broken`), as CLIProxyAPI does: here it is wrong.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from addons.routing import suffix
from addons.rules import path, scope
from addons.settings.entries import Section
from addons.settings.values import DecimalNumber, Name, Pattern, Pieces, Switch, Text, WholeNumber, word
from translators.jsonio import ENCODER

LONGEST_PATTERN: Final = 1024
ROUTE_COOLDOWN_S: Final = 60
KEPT: Final = frozenset(("model", "stream"))
"""Fields that are not the rules' to set."""


def _json(value: object) -> str:
    """A value of the file as JSON."""
    try:
        return ENCODER.encode(_plain(value)).decode()
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise ValueError("holds a value that JSON has no word for") from error


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case WholeNumber():
            return int(value)
        case DecimalNumber():
            if value - value != 0:
                raise ValueError(value)
            return float(value)
        case _:
            return value


def _raw_json(value: object) -> str:
    """The same where a text is JSON already."""
    if value is None or not isinstance(value, str):
        return _json(value)
    try:
        msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError('holds a text that is no JSON: write a JSON value, such as \'{"type": "object"}\'') from error
    return value.strip()


def _params(values: Mapping[str, object]) -> Mapping[str, str]:
    """Path -> JSON."""
    return {_editable(where): _json(value) for where, value in values.items()}


def _raw_params(values: Mapping[str, object]) -> Mapping[str, str]:
    return {_editable(where): _raw_json(value) for where, value in values.items()}


def _editable(written: str) -> str:
    first = path.parse_for_editing(written)[0]
    if isinstance(first, path.Name) and first.text in KEPT:
        said = (
            "which model answers is said by aliases and model-routes" if first.text == "model" else "the client says it"
        )
        raise ValueError(f"must not hold {first.text}: {said}")
    return written.strip()


def _readable(written: str) -> str:
    path.parse(written)
    return written.strip()


def _conditions(values: Mapping[str, object]) -> Mapping[str, str]:
    return {_readable(where): _json(value) for where, value in values.items() if where.strip()}


def _prompt_protocol(value: object) -> object:
    name = word(value)
    return "interactions" if name == "gemini-cli" else name


def _position(value: object) -> object:
    return word(value) or "append"


def _route_strategy(value: object) -> object:
    return word(value) or "priority"


def _images_off(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return _IMAGES_OFF[value.strip().lower()]
    except KeyError:
        raise ValueError("must be true, false, chat or passthrough") from None


_IMAGES_OFF: Final = {
    **dict.fromkeys(("true", "1", "on", "yes", "chat"), True),
    **dict.fromkeys(("", "false", "0", "off", "no", "passthrough"), False),
}
"""Here `passthrough` and `false` are the same: upstreams are offered no tool that the client has not named."""


type Anything = Mapping[Text, Any]
type Params = Annotated[Anything, AfterValidator(_params)]
type RawParams = Annotated[Anything, AfterValidator(_raw_params)]
type Condition = Annotated[Anything, AfterValidator(_conditions)]
type Paths = Annotated[tuple[Annotated[Text, AfterValidator(_editable)], ...], Field(min_length=1)]
type Seen = tuple[Annotated[Text, AfterValidator(_readable)], ...]
type Upstream = Annotated[Text, AfterValidator(scope.upstream_protocol)]
type Client = Annotated[Text, AfterValidator(scope.client_protocol)]
type PromptClient = Annotated[
    Literal["", "openai", "openai-response", "claude", "gemini", "interactions"], BeforeValidator(_prompt_protocol)
]
type Target = Annotated[Literal["system", "user"], BeforeValidator(word)]
type Action = Annotated[Literal["inject", "strip"], BeforeValidator(word)]
type Position = Annotated[Literal["append", "prepend"], BeforeValidator(_position)]
type ImagesOff = Annotated[bool, BeforeValidator(_images_off)]
type RouteStrategy = Annotated[Literal["priority", "round-robin"], BeforeValidator(_route_strategy)]


class PayloadModel(Section):
    """Which requests a payload rule is about: all that is said must be so."""

    name: Name = Field(description="a model; `*` stands for anything")
    protocol: Upstream = Field(default="", description="what the upstream speaks")
    from_protocol: Client = Field(default="", description="what the client speaks")
    headers: Mapping[Text, Text] = Field(default_factory=dict, description="the client's; `*` stands for anything")
    match: tuple[Condition, ...] = Field(default=(), description="paths that have this value")
    not_match: tuple[Condition, ...] = Field(default=(), description="paths that don't")
    exist: Seen = Field(default=(), description="paths that are there, and not null")
    not_exist: Seen = Field(default=(), description="paths that are not")


class Rule(Section):
    """What every payload rule says: one of `models` must be meant."""

    models: Annotated[tuple[PayloadModel, ...], Field(min_length=1)]


class SetRule(Rule):
    """Path -> value."""

    params: Annotated[Params, Field(min_length=1)]


class RawRule(Rule):
    """Path -> JSON, written as text."""

    params: Annotated[RawParams, Field(min_length=1)]


class FilterRule(Rule):
    """Paths to take out."""

    params: Paths


class Payload(Section):
    """Rules on what upstreams are asked."""

    default: tuple[SetRule, ...] = Field(default=(), description="sets what the request does not say")
    default_raw: tuple[RawRule, ...] = ()
    override: tuple[SetRule, ...] = Field(default=(), description="sets it in any case")
    override_raw: tuple[RawRule, ...] = ()
    filter: tuple[FilterRule, ...] = Field(default=(), description="takes it out")


class PromptModel(Section):
    """Which requests a prompt rule is about."""

    name: Name
    protocol: PromptClient = Field(default="", description="what the client speaks")


class PromptRule(Section):
    """Text that is put into a prompt, or taken out of it."""

    name: Name
    enabled: Switch = False
    models: tuple[PromptModel, ...] = Field(default=(), description="none: all")
    target: Target
    action: Action
    position: Position = "append"
    content: Text = Field(default="", description="inject: the text")
    marker: Text = Field(default="", description="inject: the text beside which it is put")
    pattern: Pattern = Field(default="", description="strip: a regular expression")

    @field_validator("marker")
    @classmethod
    def _trimmed(cls, marker: str) -> str:
        return marker.strip()

    @model_validator(mode="after")
    def _one_of_both(self) -> "PromptRule":
        if self.action == "inject" and (not self.content or self.pattern):
            raise ValueError("inject needs content, and no pattern")
        if self.action == "strip" and (not self.pattern or self.content or self.marker):
            raise ValueError("strip needs a pattern, and neither content nor marker")
        if len(self.pattern) > LONGEST_PATTERN:
            raise ValueError(f"its pattern is longer than {LONGEST_PATTERN} characters")
        return self


class ModelRoute(Section):
    """A model for clients that stands for others, which are asked in turn."""

    alias: Name
    strategy: RouteStrategy = "priority"
    cooldown_seconds: int = Field(default=ROUTE_COOLDOWN_S, description="for how long one that failed is passed over")
    models: Annotated[Pieces, Field(min_length=1)]

    @field_validator("alias")
    @classmethod
    def _without_suffix(cls, alias: str) -> str:
        if suffix.read(alias).bare != alias:
            raise ValueError("must not end in a suffix: clients add it")
        return alias

    @field_validator("cooldown_seconds")
    @classmethod
    def _some_time(cls, seconds: int) -> int:
        return seconds if seconds > 0 else ROUTE_COOLDOWN_S

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        trimmed = tuple(model.strip() for model in models)
        if len({model.lower() for model in trimmed}) < len(trimmed):
            raise ValueError("names a model twice")
        return trimmed
