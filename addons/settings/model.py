"""The keys of config.yaml that are acted on, in CLIProxyAPI's spelling, with its defaults where it has any."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator

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
from addons.settings.rules import ImagesOff, ModelRoute, Payload, PromptRule
from addons.settings.values import (
    LOOPBACK,
    Count,
    Duration,
    Host,
    ProxyUrl,
    Secret,
    Switch,
    Text,
    TextMap,
    Texts,
    strategy,
    word,
)

TRANSIENT_COOLDOWN_S: Final = 60.0

AUTH_DIR: Final = "~/.cli-proxy-api"

type Strategy = Annotated[Literal["round-robin", "weighted-round-robin", "fill-first"], BeforeValidator(strategy)]

type Unrouted = Annotated[Literal["pass", "refuse"], BeforeValidator(word)]


class Tls(Section):
    """HTTPS on the gateway's port. The files' paths begin at the working directory, as in CLIProxyAPI."""

    enable: Switch = False
    cert: Text = Field(default="", description="a PEM file: the certificate and its chain")
    key: Text = Field(default="", description="a PEM file: its private key")

    @field_validator("cert", "key")
    @classmethod
    def _trimmed(cls, path: str) -> str:
        return path.strip()


class Routing(Section):
    """How credentials are shared out."""

    strategy: Strategy = "round-robin"
    session_affinity: Switch = Field(default=False, description="a session stays with its credential")
    session_affinity_ttl: Duration = Field(default=3600.0, description="for how long after its last use")
    queue_size: int = Field(default=100, ge=0, description="requests that wait for a busy key (max-concurrency)")
    queue_timeout_seconds: int = Field(default=120, ge=0, description="for how long they wait")


class Streaming(Section):
    """What the client of a stream gets while there is nothing to send, and how often a stream is tried."""

    keepalive_seconds: Count = Field(default=0, description="after so long a silence a keep-alive goes out; 0: never")
    early_commit_seconds: Count = Field(
        default=0, description="when the first one goes out, and opens the reply; 0: after keepalive-seconds"
    )
    bootstrap_retries: Count = Field(default=0, description="rounds before those of request-retry")


class Intercept(Section):
    """The HTTPS proxy for clients that keep calling their vendor. It asks no key: only this machine may reach it."""

    enable: Switch = True
    host: Host = LOOPBACK
    port: int = Field(default=8080, ge=1, le=65535)
    unrouted: Unrouted = Field(default="pass", description="a model that nobody serves: pass it to its vendor, refuse")
    models: TextMap = Field(default_factory=dict, description="asked for -> answered by; `*` stands for anything")
    hosts: TextMap = Field(default_factory=dict, description="more hosts -> the known host whose paths they have")
    remove_hosts: Texts = Field(default=(), description="known hosts that are not opened")


class Settings(Section):
    """The whole file."""

    host: Host = LOOPBACK
    port: int = Field(default=8317, ge=0, le=65535)
    tls: Tls = Tls()
    auth_dir: Text = Field(default=AUTH_DIR, description="account files, and what rests")
    api_keys: tuple[Secret, ...] = Field(
        default=(), description="the keys that clients show; a template's sample among them lets nobody in"
    )
    debug: Switch = False
    intercept: Intercept = Intercept()
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
    request_retry: Count = Field(default=0, description="more rounds when every credential failed")
    max_retry_credentials: Count = Field(default=0, description="credentials tried in a round; 0: all")
    max_retry_interval: int = Field(
        default=0, description="the longest wait between rounds in seconds; 0 or less: none"
    )
    disable_cooling: Switch = Field(default=False, description="no credential rests after a failure")
    save_cooldown_status: Switch = Field(default=False, description="rests outlive the process, as files in auth-dir")
    transient_error_cooldown_seconds: int = Field(default=0, description="0: 60 seconds; less: no rest")
    streaming: Streaming = Streaming()
    nonstream_keepalive_interval: Count = Field(
        default=0, description="seconds after which a newline tells the client of a whole reply to wait; 0: never"
    )
    passthrough_headers: Switch = Field(default=False, description="the vendor's reply headers reach the client")
    disable_image_generation: ImagesOff = Field(
        default=False, description="`true` or `chat`: no upstream is offered the tool image_generation"
    )
    payload: Payload = Payload()
    prompt_rules: tuple[PromptRule, ...] = ()
    model_routes: tuple[ModelRoute, ...] = ()

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

    @field_validator("auth_dir")
    @classmethod
    def _somewhere(cls, path: str) -> str:
        folder = path.strip() or AUTH_DIR
        try:
            Path(folder).expanduser()
        except RuntimeError as error:
            raise ValueError("begins with a home folder that is not known: write the whole path") from error
        if not folder.isprintable():
            raise ValueError("holds a character that no path has")
        return folder


Settings.model_rebuild()  # With its sections, which only then know their keys as the file spells them.
