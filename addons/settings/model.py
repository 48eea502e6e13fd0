"""The keys of config.yaml that are acted on, in CLIProxyAPI's spelling, with its defaults where it has any."""

from collections.abc import Sequence
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from addons.settings.values import (
    LOOPBACK,
    BaseUrl,
    ClaudeBaseUrl,
    HeaderMap,
    Host,
    Name,
    Prefix,
    Secret,
    Switch,
    is_loopback,
)

CLAUDE_POOL: Final = "claude"
TRANSIENT_COOLDOWN_S: Final = 60.0

type Strategy = Literal["round-robin", "weighted-round-robin", "fill-first"]


class Section(BaseModel):
    """Frozen, kebab-case in the file, exact types. Unknown keys are the loader's business."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class ModelEntry(Section):
    """A model of a credential: `name` to the upstream, `alias` to clients (empty: the name)."""

    name: Name
    alias: str = ""
    display_name: str = ""
    max_context_length: int | None = Field(default=None, ge=1, description="tokens")
    is_compat: Switch = Field(default=False, description="earlier thinking without a signature is sent back to it")

    @property
    def asked(self) -> str:
        """What clients call it."""
        return self.alias.strip() or self.name


class KeyEntry(Section):
    """One key of an openai-compatibility provider; empty for a server that wants none."""

    api_key: Secret = SecretStr("")
    weight: int = Field(default=1, le=1_000_000)


class ClaudeKey(Section):
    """A key of the Anthropic API, or of a server that speaks its dialect."""

    api_key: Secret
    base_url: ClaudeBaseUrl = Field(default="", description="without /v1; empty: https://api.anthropic.com")
    headers: HeaderMap = Field(default_factory=dict, description="`$NAME` copies the client's header NAME")
    models: tuple[ModelEntry, ...] = Field(default=(), description="none: every name that begins with claude-")
    excluded_models: tuple[str, ...] = Field(default=(), description="`*` stands for anything")
    prefix: Prefix = ""
    priority: int = Field(default=0, description="the highest that is available is used")
    weight: int = Field(default=1, le=1_000_000)

    @field_validator("api_key")
    @classmethod
    def _some_key(cls, value: Secret) -> Secret:
        if not value.get_secret_value():
            raise ValueError("is empty: put the key there, or remove the entry")
        return value


class CompatibleProvider(Section):
    """A vendor or local server that speaks OpenAI's chat completions."""

    name: Name
    base_url: BaseUrl = Field(description="with /v1 where the vendor has it")
    disabled: Switch = False
    prefix: Prefix = ""
    priority: int = 0
    headers: HeaderMap = Field(default_factory=dict)
    api_key_entries: tuple[KeyEntry, ...] = ()
    models: tuple[ModelEntry, ...] = ()


class Routing(Section):
    """How credentials are shared out."""

    strategy: Strategy = "round-robin"


class Settings(Section):
    """The whole file."""

    host: Host = LOOPBACK
    port: int = Field(default=8317, ge=0, le=65535)
    auth_dir: str = Field(default="~/.cli-proxy-api", description="account files")
    api_keys: tuple[Secret, ...] = Field(default=(), description="the keys that clients show")
    debug: Switch = False
    claude_api_key: tuple[ClaudeKey, ...] = ()
    openai_compatibility: tuple[CompatibleProvider, ...] = ()
    routing: Routing = Routing()
    force_model_prefix: Switch = Field(
        default=False, description="`model` alone no longer reaches entries that have a prefix"
    )
    request_retry: int = Field(default=0, ge=0, description="more rounds when every credential failed")
    max_retry_credentials: int = Field(default=0, ge=0, description="credentials tried in a round; 0: all")
    max_retry_interval: int = Field(
        default=0, description="the longest wait between rounds in seconds; 0 or less: none"
    )
    disable_cooling: Switch = Field(default=False, description="no credential rests after a failure")
    transient_error_cooldown_seconds: int = Field(default=0, description="0: 60 seconds; less: no rest")

    @property
    def transient_cooldown_s(self) -> float | None:
        """How long a credential rests after a fault that passes; None: not at all."""
        seconds = self.transient_error_cooldown_seconds
        if seconds < 0:
            return None
        return float(seconds) or TRANSIENT_COOLDOWN_S

    @field_validator("api_keys")
    @classmethod
    def _each_once(cls, keys: tuple[Secret, ...]) -> tuple[Secret, ...]:
        return tuple({key.get_secret_value(): key for key in keys if key.get_secret_value()}.values())

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        if not self.api_keys and not is_loopback(self.host):
            raise ValueError(
                "host: others can reach this address, so api-keys must hold at least one client key"
                " (or leave host empty: then only this machine can)"
            )
        for index, provider in enumerate(self.openai_compatibility):
            if provider.name.casefold() == CLAUDE_POOL:
                raise ValueError(
                    f"openai-compatibility[{index}].name: {CLAUDE_POOL} is the name of claude-api-key's pool,"
                    " choose another"
                )
        for path, url in self._base_urls():
            parts = urlsplit(url)
            if is_loopback(parts.hostname or "") and parts.port == self.port != 0:
                raise ValueError(f"{path}: is this gateway itself: requests would go round in a circle")
        return self

    def _base_urls(self) -> Sequence[tuple[str, str]]:
        claude = [(f"claude-api-key[{i}].base-url", entry.base_url) for i, entry in enumerate(self.claude_api_key)]
        return claude + [
            (f"openai-compatibility[{i}].base-url", entry.base_url) for i, entry in enumerate(self.openai_compatibility)
        ]
