"""The keys of config.yaml that are acted on, in CLIProxyAPI's spelling, with its defaults where it has any."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from addons.settings.entries import (
    ClaudeKey,
    CodexKey,
    CompatibleProvider,
    Entry,
    GeminiKey,
    Key,
    Section,
    VertexKey,
    XaiKey,
)
from addons.settings.values import LOOPBACK, Duration, Host, ProxyUrl, Secret, Switch, is_loopback

TRANSIENT_COOLDOWN_S: Final = 60.0

type Strategy = Literal["round-robin", "weighted-round-robin", "fill-first"]


class Tls(Section):
    """HTTPS on the gateway's port."""

    enable: Switch = False
    cert: str = Field(default="", description="a PEM file: the certificate and its chain")
    key: str = Field(default="", description="a PEM file: its private key")


class Routing(Section):
    """How credentials are shared out."""

    strategy: Strategy = "round-robin"
    session_affinity: Switch = Field(default=False, description="a session stays with its credential")
    session_affinity_ttl: Duration = Field(default=3600.0, description="for how long after its last use")
    queue_size: int = Field(default=100, ge=0, description="requests that wait for a busy key (max-concurrency)")
    queue_timeout_seconds: int = Field(default=120, ge=0, description="for how long they wait")


class Settings(Section):
    """The whole file."""

    host: Host = LOOPBACK
    port: int = Field(default=8317, ge=0, le=65535)
    tls: Tls = Tls()
    auth_dir: str = Field(default="~/.cli-proxy-api", description="account files, and what rests")
    api_keys: tuple[Secret, ...] = Field(default=(), description="the keys that clients show")
    debug: Switch = False
    gemini_api_key: tuple[GeminiKey, ...] = ()
    claude_api_key: tuple[ClaudeKey, ...] = ()
    codex_api_key: tuple[CodexKey, ...] = ()
    xai_api_key: tuple[XaiKey, ...] = ()
    vertex_api_key: tuple[VertexKey, ...] = ()
    openai_compatibility: tuple[CompatibleProvider, ...] = ()
    routing: Routing = Routing()
    force_model_prefix: Switch = Field(
        default=False, description="`model` alone no longer reaches entries that have a prefix"
    )
    proxy_url: ProxyUrl = Field(default=SecretStr(""), description="for entries that name none")
    request_retry: int = Field(default=0, ge=0, description="more rounds when every credential failed")
    max_retry_credentials: int = Field(default=0, ge=0, description="credentials tried in a round; 0: all")
    max_retry_interval: int = Field(
        default=0, description="the longest wait between rounds in seconds; 0 or less: none"
    )
    disable_cooling: Switch = Field(default=False, description="no credential rests after a failure")
    save_cooldown_status: Switch = Field(default=False, description="rests outlive the process, as files in auth-dir")
    transient_error_cooldown_seconds: int = Field(default=0, description="0: 60 seconds; less: no rest")
    passthrough_headers: Switch = Field(default=False, description="the vendor's reply headers reach the client")

    @property
    def transient_cooldown_s(self) -> float | None:
        """How long a credential rests after a fault that passes; None: not at all."""
        seconds = self.transient_error_cooldown_seconds
        if seconds < 0:
            return None
        return float(seconds) or TRANSIENT_COOLDOWN_S

    @property
    def key_sections(self) -> Mapping[str, tuple[Key, ...]]:
        """Section of the file -> its keys, for the vendors that have a section of their own."""
        return {
            "gemini-api-key": self.gemini_api_key,
            "claude-api-key": self.claude_api_key,
            "codex-api-key": self.codex_api_key,
            "xai-api-key": self.xai_api_key,
            "vertex-api-key": self.vertex_api_key,
        }

    def entries(self) -> Iterator[tuple[str, int, Entry]]:
        """Every entry that names credentials: its section, its place there, and itself."""
        for section, entries in {**self.key_sections, "openai-compatibility": self.openai_compatibility}.items():
            for index, entry in enumerate(entries):
                yield section, index, entry

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
        reserved = {section.removesuffix("-api-key") for section in self.key_sections}
        for index, provider in enumerate(self.openai_compatibility):
            if provider.name.casefold() in reserved:
                raise ValueError(
                    f"openai-compatibility[{index}].name: {provider.name} is the name of {provider.name}-api-key's"
                    " pool, choose another"
                )
        for path, url in self._addresses():
            parts = urlsplit(url)
            if is_loopback(parts.hostname or "") and parts.port == self.port != 0:
                raise ValueError(f"{path}: is this gateway itself: requests would go round in a circle")
        return self

    def _addresses(self) -> Iterator[tuple[str, str]]:
        """Where requests go to, as far as the file says so."""
        yield "proxy-url", self.proxy_url.get_secret_value()
        for section, place, entry in self.entries():
            path = f"{section}[{place}]"
            yield f"{path}.proxy-url", entry.proxy_url.get_secret_value()
            if isinstance(entry, Key | CompatibleProvider):
                yield f"{path}.base-url", entry.base_url
            if isinstance(entry, CompatibleProvider):
                for index, key in enumerate(entry.api_key_entries):
                    yield f"{path}.api-key-entries[{index}].proxy-url", key.proxy_url.get_secret_value()
