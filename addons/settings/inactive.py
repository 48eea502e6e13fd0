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
ALWAYS: Final = "it is always so here: a reply names the model that the client asked for"

_MODEL: Final = {
    "force-mapping": ALWAYS,
    "image": IMAGES,
}

INACTIVE: Final[Mapping[str, Mapping[str, str]]] = {
    "": {
        "remote-management": MANAGEMENT,
        "pprof": "there is no profiling server",
        "commercial-mode": "nothing is logged that it could save",
        "logging-to-file": CONSOLE,
        "logs-max-total-size-mb": CONSOLE,
        "error-logs-max-files": CONSOLE,
        "request-log": CONSOLE,
        "usage-statistics-enabled": "usage is one log line for each exchange",
        "redis-usage-queue-retention-seconds": MANAGEMENT,
        "ws-auth": "there is no WebSocket relay",
        "plugins": PLUGINS,
        "credential-concurrency": CLUSTER,
        "credential-in-flight": CLUSTER,
        "auth-auto-refresh-workers": ACCOUNTS,
        "quota-exceeded": "no credential moves to other projects, models or paid credits by itself",
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
        "interactions-api-key": LATER,
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
    "routing": {"session-affinity-subagents": "a subagent's session is told by what its client sends"},
    "claude-api-key[]": {
        "rebuild-mid-system-message": "system messages are passed on where they stand",
        "cloak": DISGUISE,
        "fingerprint-profile": DISGUISE,
        "experimental-cch-signing": DISGUISE,
    },
    "claude-api-key[].models[]": _MODEL,
    "gemini-api-key[].models[]": _MODEL,
    "codex-api-key[]": {
        "websockets": "requests go out over HTTP",
        "alpha-search": "the search of Codex is not served yet",
    },
    "codex-api-key[].models[]": _MODEL,
    "xai-api-key[]": {"websockets": "requests go out over HTTP"},
    "xai-api-key[].models[]": _MODEL,
    "vertex-api-key[].models[]": _MODEL,
    "openai-compatibility[]": {
        "support-prompt-cache-key": "a prompt_cache_key is passed on where the client sends one",
        "test-model": MANAGEMENT,
    },
    "openai-compatibility[].models[]": _MODEL,
}

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
