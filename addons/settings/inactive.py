"""Keys of CLIProxyAPI that are known and not acted on: path -> key -> the reason.

A path is written as in the file, `[]` for the entries of a list. Keys under an inactive one are named in its line
(`WITHIN`) and not looked at.
"""

from collections.abc import Mapping
from typing import Final

DISGUISE: Final = "disguise is not done here"
LATER: Final = "this provider's accounts are not served yet"
ACCOUNTS: Final = "account files are not read yet"
MANAGEMENT: Final = "there is no management API yet"
PLUGINS: Final = "plugins are Go libraries of CLIProxyAPI"
CLUSTER: Final = "it belongs to CLIProxyAPI's cluster"
CONSOLE: Final = "the console (mitmweb) shows every exchange, and logs go to the terminal"
REMOVED: Final = "CLIProxyAPI itself has dropped it"
IMAGES: Final = "images and videos are not made yet"
ALWAYS: Final = "it is always so here: a reply names the model that the client asked for"
USAGE: Final = "usage is one log line for each exchange"
HTTP: Final = "requests go out over HTTP"
SEARCH: Final = "the search of Codex is not served yet"

_ENTRY: Final = {"auth-index": MANAGEMENT}
_MODEL: Final = {
    "force-mapping": ALWAYS,
    "priority": "the priority of its entry counts",
    "test-model": MANAGEMENT,
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
        "usage-statistics-enabled": USAGE,
        "usage-database-path": USAGE,
        "usage-event-retention-days": USAGE,
        "redis-usage-queue-retention-seconds": MANAGEMENT,
        "ws-auth": "there is no WebSocket relay",
        "plugins": PLUGINS,
        "credential-concurrency": CLUSTER,
        "credential-in-flight": CLUSTER,
        "home": CLUSTER,
        "auth-auto-refresh-workers": ACCOUNTS,
        "quota-exceeded": "no credential moves to other projects, models or paid credits by itself",
        "nonstream-keepalive": "nonstream-keepalive-interval is what switches it on",
        "gpt-image-2-base-model": IMAGES,
        "video-result-auth-cache-ttl": IMAGES,
        "codex": f"{LATER}, and {DISGUISE}",
        "xai": "requests get no tools that the client has not named",
        "antigravity": DISGUISE,
        "antigravity-signature-cache-enabled": LATER,
        "antigravity-signature-bypass-strict": LATER,
        "interactions-api-key": "Interactions are not served yet. Gemini keys belong in gemini-api-key",
        "oauth-model-alias": ACCOUNTS,
        "oauth-excluded-models": ACCOUNTS,
        "oauth-request-scoped-errors": ACCOUNTS,
        "claude-code": DISGUISE,
        "disable-claude-cloak-mode": DISGUISE,
        "claude-header-defaults": DISGUISE,
        "codex-header-defaults": DISGUISE,
        "codex-instructions-enabled": REMOVED,
        "force-gpt-5-codex": REMOVED,
        "gemini-web": REMOVED,
        "enable-gemini-cli-endpoint": REMOVED,
        "allow-localhost-unauthenticated": REMOVED,
        "ampcode": REMOVED,
        "amp-upstream-url": REMOVED,
        "amp-upstream-api-key": REMOVED,
        "amp-restrict-management-to-localhost": REMOVED,
        "amp-model-mappings": REMOVED,
        "auth": f"{REMOVED}. Client keys belong in api-keys",
        "generative-language-api-key": f"{REMOVED}. Write gemini-api-key: [{{api-key: KEY}}]",
        "oauth-model-mappings": REMOVED,
    },
    "routing": {"session-affinity-subagents": "a subagent's session is told by what its client sends"},
    "claude-api-key[]": {
        **_ENTRY,
        "rebuild-mid-system-message": "system messages are passed on where they stand",
        "cloak": DISGUISE,
        "fingerprint-profile": DISGUISE,
        "experimental-cch-signing": DISGUISE,
    },
    "claude-api-key[].models[]": _MODEL,
    "gemini-api-key[]": _ENTRY,
    "gemini-api-key[].models[]": _MODEL,
    "codex-api-key[]": {**_ENTRY, "websockets": HTTP, "alpha-search": SEARCH},
    "codex-api-key[].models[]": _MODEL,
    "xai-api-key[]": {**_ENTRY, "websockets": HTTP, "alpha-search": SEARCH},
    "xai-api-key[].models[]": _MODEL,
    "vertex-api-key[]": _ENTRY,
    "vertex-api-key[].models[]": _MODEL,
    "openai-compatibility[]": {
        **_ENTRY,
        "support-prompt-cache-key": "a prompt_cache_key is passed on where the client sends one",
        "test-model": MANAGEMENT,
    },
    "openai-compatibility[].api-key-entries[]": _ENTRY,
    "openai-compatibility[].models[]": _MODEL,
}

WITHIN: Final[Mapping[str, tuple[str, ...]]] = {
    "remote-management": (
        "allow-remote",
        "secret-key",
        "disable-control-panel",
        "disable-auto-update-panel",
        "panel-github-repository",
    ),
    "pprof": ("enable", "addr"),
    "plugins": ("enabled", "dir", "store-sources", "store-auth", "auth-revision", "configs"),
    "credential-concurrency": (
        "lifecycle-config-revision",
        "observation-barrier-revision",
        "cpa-heartbeat-timeout",
        "cpa-cancel-bound",
        "reclaim-grace",
        "cleanup-interval",
        "release-flush-interval",
        "release-max-backoff",
        "busy-retry-min",
        "busy-retry-max",
        "max-limit",
    ),
    "credential-in-flight": (
        "snapshot-interval",
        "stale-after",
        "max-part-bytes",
        "max-part-count",
        "max-revision-bytes",
        "max-aggregate-groups",
        "max-details",
        "max-string-bytes",
        "staging-retention",
    ),
    "home": ("enabled", "host", "port", "disable-cluster-discovery", "tls"),
    "quota-exceeded": ("switch-project", "switch-preview-model", "antigravity-credits"),
    "codex": (
        "identity-confuse",
        "disable-codex-cloaking",
        "stream-bootstrap-buffering",
        "optimize-multi-agent-v2",
        "live-media-relay",
    ),
    "xai": ("inject-x-search",),
    "antigravity": ("sensitive-words",),
    "claude-code": ("disable-cloaking-model-list",),
    "claude-header-defaults": (
        "user-agent",
        "package-version",
        "runtime-version",
        "os",
        "arch",
        "timeout",
        "timezone",
        "stabilize-device-profile",
    ),
    "codex-header-defaults": ("user-agent", "beta-features"),
    "claude-api-key[].cloak": ("mode", "strict-mode", "sensitive-words", "cache-user-id"),
}
"""Path of an inactive group -> the keys that CLIProxyAPI has in it."""

WARNED: Final = frozenset(("interactions-api-key", "auth", "generative-language-api-key"))
"""Inactive keys without which the config does less than its user thinks."""

OLD_FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "openai-compatibility[]": {"api-keys": "is the old form of api-key-entries, and read like it"},
}
"""Keys that are acted on, and have a newer form: path -> key -> what is said of it."""

OTHER_SPELLINGS: Final[Mapping[str, str]] = {
    "zero_allowed": "zero-allowed",
    "dynamic_allowed": "dynamic-allowed",
}
"""Keys of CLIProxyAPI that are written in two ways."""

MISPLACED: Final[Mapping[str, Mapping[str, str]]] = {
    "openai-compatibility[]": {"api-key": "api-key-entries: [{api-key: ...}]"},
    "": {
        "strategy": "routing: {strategy: ...}",
        "session-affinity": "routing: {session-affinity: ...}",
        "session-affinity-ttl": "routing: {session-affinity-ttl: ...}",
        "keepalive-seconds": "streaming: {keepalive-seconds: ...}",
    },
}
"""Keys that belong elsewhere: path -> key -> where."""
