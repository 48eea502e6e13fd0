"""Keys of CLIProxyAPI that are known and not acted on: path -> key -> the reason.

A path is written as in the file, `[]` for the entries of a list. Keys under an inactive one are not looked at.
"""

from collections.abc import Mapping
from typing import Final

DISGUISE: Final = "disguise is not done here"
LATER: Final = "this provider is not served yet"
ACCOUNTS: Final = "account files are not read yet"
MANAGEMENT: Final = "there is no management API yet"
PLUGINS: Final = "plugins are Go libraries of CLIProxyAPI"
CLUSTER: Final = "it belongs to CLIProxyAPI's cluster"
CONSOLE: Final = "the console (mitmweb) shows every exchange, and logs go to the terminal"
REMOVED: Final = "CLIProxyAPI itself has dropped it"
IMAGES: Final = "images and videos are not made yet"
DIRECT: Final = "requests go out directly, without that proxy"
PER_ENTRY: Final = "the setting of the whole file holds"
ALWAYS: Final = "it is always so here: a reply names the model that the client asked for"

_MODEL: Final = {
    "force-mapping": ALWAYS,
    "thinking": "thinking is passed on as the client asks for it",
    "image": IMAGES,
    "input-modalities": "parts are passed on as the client sends them",
    "output-modalities": "parts are passed on as the client sends them",
}
_ENTRY: Final = {
    "disable-cooling": PER_ENTRY,
    "request-retry": PER_ENTRY,
    "request-scoped-errors": "errors are told apart by built-in rules",
}

INACTIVE: Final[Mapping[str, Mapping[str, str]]] = {
    "": {
        "tls": "the gateway speaks plain HTTP",
        "auth-dir": ACCOUNTS,
        "remote-management": MANAGEMENT,
        "pprof": "there is no profiling server",
        "commercial-mode": "nothing is logged that it could save",
        "logging-to-file": CONSOLE,
        "logs-max-total-size-mb": CONSOLE,
        "error-logs-max-files": CONSOLE,
        "request-log": CONSOLE,
        "usage-statistics-enabled": "usage is one log line for each exchange",
        "redis-usage-queue-retention-seconds": MANAGEMENT,
        "proxy-url": DIRECT,
        "ws-auth": "there is no WebSocket relay",
        "plugins": PLUGINS,
        "credential-concurrency": CLUSTER,
        "credential-in-flight": CLUSTER,
        "save-cooldown-status": "cooldowns end with the process",
        "auth-auto-refresh-workers": ACCOUNTS,
        "quota-exceeded": "no credential moves to other projects, models or paid credits by itself",
        "passthrough-headers": "upstream headers stay here, but for the request's id",
        "streaming": "a silent upstream is waited for without comments",
        "nonstream-keepalive-interval": "a whole reply is sent when it is there",
        "disable-image-generation": IMAGES,
        "gpt-image-2-base-model": IMAGES,
        "video-result-auth-cache-ttl": IMAGES,
        "codex": LATER,
        "xai": LATER,
        "antigravity": LATER,
        "antigravity-signature-cache-enabled": LATER,
        "antigravity-signature-bypass-strict": LATER,
        "gemini-api-key": LATER,
        "interactions-api-key": LATER,
        "codex-api-key": LATER,
        "xai-api-key": LATER,
        "vertex-api-key": LATER,
        "oauth-model-alias": ACCOUNTS,
        "oauth-excluded-models": ACCOUNTS,
        "oauth-request-scoped-errors": ACCOUNTS,
        "payload": "requests are not edited by rules yet",
        "claude-code": DISGUISE,
        "disable-claude-cloak-mode": DISGUISE,
        "claude-header-defaults": DISGUISE,
        "codex-header-defaults": DISGUISE,
        "ampcode": REMOVED,
        "auth": REMOVED,
        "generative-language-api-key": REMOVED,
        "oauth-model-mappings": REMOVED,
    },
    "routing": {
        "session-affinity": "sessions do not stay with a credential yet",
        "session-affinity-ttl": "sessions do not stay with a credential yet",
        "session-affinity-subagents": "sessions do not stay with a credential yet",
    },
    "claude-api-key[]": {
        **_ENTRY,
        "proxy-url": DIRECT,
        "rebuild-mid-system-message": "system messages are passed on where they stand",
        "cloak": DISGUISE,
        "fingerprint-profile": DISGUISE,
        "experimental-cch-signing": DISGUISE,
    },
    "claude-api-key[].models[]": _MODEL,
    "openai-compatibility[]": {
        **_ENTRY,
        "support-prompt-cache-key": "a prompt_cache_key is passed on where the client sends one",
        "test-model": MANAGEMENT,
    },
    "openai-compatibility[].api-key-entries[]": {"proxy-url": DIRECT},
    "openai-compatibility[].models[]": _MODEL,
}

HARMLESS: Final = ("", "direct", "none")
"""Values of `proxy-url` that say what is done anyway."""

MISPLACED: Final[Mapping[str, Mapping[str, str]]] = {
    "openai-compatibility[]": {
        "api-key": "api-key-entries: [{api-key: ...}]",
        "api-keys": "api-key-entries: [{api-key: ...}, ...]",
    },
    "": {
        "strategy": "routing: {strategy: ...}",
        "session-affinity": "routing: {session-affinity: ...}",
        "keepalive-seconds": "streaming: {keepalive-seconds: ...}",
    },
}
"""Keys that belong elsewhere: path -> key -> where."""
